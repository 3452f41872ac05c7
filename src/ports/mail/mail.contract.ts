/** The contract of every mail adapter. */
import { expect, test } from 'bun:test';
import type { Mail, MailSender } from './mail.ts';

export interface MailHarness {
  readonly sender: MailSender;
  /** The mail that arrived with this message id. */
  arrived(messageId: string): Promise<{ subject: string; text: string; html: string; to: string } | null>;
}

export const SAMPLE: Mail = {
  messageId: '<job-7@studio.example>',
  from: 'Clockwork Studio <hello@studio.example>',
  to: 'ada@players.example',
  replyTo: 'help@studio.example',
  subject: 'Your ticket – schön & "quoted"',
  text: 'Play: https://studio.example/t/abc\n',
  html: '<p>Play: <a href="https://studio.example/t/abc">now</a></p>',
};

export function mailContract(name: string, harness: () => MailHarness): void {
  test(`${name}: a mail arrives with its subject, both bodies and its recipient`, async () => {
    const { sender, arrived } = harness();
    expect(await sender.send(SAMPLE)).toMatchObject({ ok: true });
    const mail = await arrived(SAMPLE.messageId);
    expect(mail).toMatchObject({ subject: SAMPLE.subject, to: SAMPLE.to });
    expect(mail?.text.trim()).toBe(SAMPLE.text.trim());
    expect(mail?.html.trim()).toBe(SAMPLE.html);
  });

  test(`${name}: a mail sent again keeps its message id`, async () => {
    const { sender, arrived } = harness();
    await sender.send(SAMPLE);
    await sender.send(SAMPLE);
    expect(await arrived(SAMPLE.messageId)).not.toBeNull();
  });
}
