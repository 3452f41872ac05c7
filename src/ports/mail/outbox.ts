/** Reads mails that the outbox folder stored instead of sending them. */
export interface OutboxMail {
  /** The mail's id in URLs. */
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** Wall clock ms. */
  readonly sentAt: number;
}

export interface Outbox {
  /** At most `limit` mails, newest first. */
  list(limit: number): Promise<readonly OutboxMail[]>;
  /** null when there is no such mail. `id` may be untrusted. */
  read(id: string): Promise<OutboxMail | null>;
}
