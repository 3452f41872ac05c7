/** Sending one mail. Adapters: an outbox folder (default) and SMTP. */
export interface Mail {
  /** Stable per job, so that a mail sent twice is one mail to the reader: `<id@host>`. */
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
  /** Try again later: 4xx, no connection, time-out. */
  | { readonly ok: false; readonly permanent: false; readonly error: string }
  /** Will not work however often tried: 5xx, bad address. */
  | { readonly ok: false; readonly permanent: true; readonly error: string };

export interface MailSender {
  send(mail: Mail): Promise<SendOutcome>;
  close(): Promise<void>;
}
