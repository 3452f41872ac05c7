/** Sends mails. Adapters: an outbox folder (default) and SMTP. */
export interface Mail {
  /** `<id@host>`, the same for every attempt of a job, so that mail programs can recognise a repeated mail. */
  readonly messageId: string;
  readonly from: string;
  readonly to: string;
  readonly replyTo?: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly headers?: { readonly [name: string]: string };
}

export type SendOutcome =
  | { readonly ok: true; readonly response: string }
  /** May succeed later: 4xx, no connection, timeout. */
  | { readonly ok: false; readonly permanent: false; readonly error: string }
  /** Will never succeed: a 5xx reply about this mail, for example to an invalid address. */
  | { readonly ok: false; readonly permanent: true; readonly error: string };

export interface MailSender {
  /** Never rejects. */
  send(mail: Mail): Promise<SendOutcome>;
  close(): Promise<void>;
}
