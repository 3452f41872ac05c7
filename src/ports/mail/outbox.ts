/** Reading mails that were kept instead of sent. Only the outbox folder has such mails. */
export interface KeptMail {
  /** Names the mail in addresses. */
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
  /** The newest first, at most `limit`. */
  list(limit: number): Promise<readonly KeptMail[]>;
  /** null when there is no such mail; `id` may be anything a visitor wrote. */
  read(id: string): Promise<KeptMail | null>;
}
