import { afterAll, expect, test } from 'bun:test';
import { startSmtp } from '../../../test/support/processes/smtp.ts';
import { mailContract, SAMPLE } from './mail.contract.ts';
import { smtpSender } from './mail.smtp.ts';

const server = await startSmtp();
const sender = smtpSender(server.url);
afterAll(async () => {
  await sender.close();
  await server.stop();
});

mailContract('smtp', () => ({
  sender,
  async arrived(messageId) {
    const mail = server.mails.find((each) => each.messageId === messageId);
    if (!mail) return null;
    const to = Array.isArray(mail.to) ? mail.to[0] : mail.to;
    return {
      subject: mail.subject ?? '',
      text: mail.text ?? '',
      html: mail.html || '',
      to: to?.value[0]?.address ?? '',
    };
  },
}));

test('smtp: a 4xx reply is a temporary failure', async () => {
  server.refuse(451);
  expect(await sender.send(SAMPLE)).toMatchObject({ ok: false, permanent: false });
  server.refuse(null);
});

test('smtp: a 5xx reply about the recipient is a permanent failure', async () => {
  server.refuse(550);
  expect(await sender.send(SAMPLE)).toMatchObject({ ok: false, permanent: true });
  server.refuse(null);
});

test('smtp: an unreachable server is a temporary failure', async () => {
  const gone = await startSmtp();
  await gone.stop();
  const lost = smtpSender(gone.url);
  expect(await lost.send(SAMPLE)).toMatchObject({ ok: false, permanent: false });
  await lost.close();
});
