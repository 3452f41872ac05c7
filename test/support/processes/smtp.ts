/** A real SMTP server on a free port of this machine that keeps what it is given. */
import { simpleParser, type ParsedMail } from 'mailparser';
import { SMTPServer, type SMTPServerSession } from 'smtp-server';

export interface SmtpSink {
  readonly url: string;
  readonly mails: readonly ParsedMail[];
  /** Resolves when `count` mails have arrived. */
  received(count: number): Promise<void>;
  /** The next mails get this reply instead of being taken. */
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
    onRcptTo(_address, _session: SMTPServerSession, answer) {
      if (refusal.code === null) return answer();
      answer(Object.assign(new Error('refused by the test'), { responseCode: refusal.code }));
    },
    onData(stream, _session, answer) {
      void simpleParser(stream).then((mail) => {
        mails.push(mail);
        for (const look of waiting) look();
        answer();
      });
    },
  });
  // A client that goes away in the middle is an event here, not a failure of the test.
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
        const look = (): void => {
          if (mails.length < count) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
