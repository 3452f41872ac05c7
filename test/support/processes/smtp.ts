/** An SMTP server on a free local port that stores the mails it receives. */
import { simpleParser, type ParsedMail } from 'mailparser';
import { SMTPServer, type SMTPServerSession } from 'smtp-server';

export interface SmtpSink {
  readonly url: string;
  readonly mails: readonly ParsedMail[];
  /** Resolves when `count` mails have arrived. */
  received(count: number): Promise<void>;
  /** Rejects recipients with this reply code until it is called with null. */
  refuse(code: number | null): void;
  stop(): Promise<void>;
}

export async function startSmtp(): Promise<SmtpSink> {
  const mails: ParsedMail[] = [];
  const waiting = new Set<() => void>();
  const refusal: { code: number | null } = { code: null };
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onRcptTo(_address, _session: SMTPServerSession, reply) {
      if (refusal.code === null) return reply();
      reply(Object.assign(new Error('refused by the test'), { responseCode: refusal.code }));
    },
    onData(stream, _session, reply) {
      void simpleParser(stream).then((mail) => {
        mails.push(mail);
        for (const check of waiting) check();
        reply();
      });
    },
  });
  // A client that disconnects early must not fail the test.
  server.on('error', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const address = server.server.address();
  if (address === null || typeof address === 'string') throw new Error('the SMTP server does not listen');
  return {
    url: `smtp://127.0.0.1:${address.port}`,
    mails,
    refuse(code) {
      refusal.code = code;
    },
    received: (count) =>
      new Promise((resolve) => {
        const check = (): void => {
          if (mails.length < count) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      }),
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
