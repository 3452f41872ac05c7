/** Sends mail by SMTP. */
import { createTransport } from 'nodemailer';
import type { MailSender, SendOutcome } from './mail.ts';

/** Timeouts, ms: for the connection, the greeting, and inactivity during a mail. */
const CONNECT_MS = 10_000;
const GREETING_MS = 10_000;
const INACTIVITY_MS = 30_000;

/** `address` is smtp://user:password@host:port or smtps://…; STARTTLS is used if the server offers it. */
export function smtpSender(address: string): MailSender {
  const transport = createTransport({
    url: address,
    pool: true,
    maxConnections: 2,
    connectionTimeout: CONNECT_MS,
    greetingTimeout: GREETING_MS,
    socketTimeout: INACTIVITY_MS,
  });
  return {
    async send(mail) {
      try {
        const sent = await transport.sendMail({
          messageId: mail.messageId,
          from: mail.from,
          to: mail.to,
          subject: mail.subject,
          text: mail.text,
          html: mail.html,
          ...(mail.replyTo === undefined ? {} : { replyTo: mail.replyTo }),
          ...(mail.headers === undefined ? {} : { headers: mail.headers }),
        });
        return { ok: true, response: sent.response };
      } catch (error) {
        return failure(error);
      }
    },
    close() {
      transport.close();
      return Promise.resolve();
    },
  };
}

/**
 * Only a 5xx reply about this mail is permanent. A refused login is 5xx, too, but the operator can
 * correct it, and the mail should be sent then.
 */
function failure(error: unknown): SendOutcome {
  const { responseCode, code, message } = error as { responseCode?: number; code?: string; message: string };
  const permanent = code !== 'EAUTH' && responseCode !== undefined && responseCode >= 500;
  return { ok: false, permanent, error: message };
}
