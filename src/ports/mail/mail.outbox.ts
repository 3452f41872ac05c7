/**
 * Stores mails in a folder instead of sending them; the operator reads them in the browser. The file is named
 * after the message id, so that a repeated job gives one mail.
 */
import { mkdir, open, readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { parseJson } from '../../lib/json.ts';
import type { Clock } from '../../lib/world.ts';
import type { Mail, MailSender, SendOutcome } from './mail.ts';
import type { Outbox } from './outbox.ts';

const storedMailSchema = z.object({
  messageId: z.string(),
  from: z.string(),
  to: z.string(),
  replyTo: z.string().optional(),
  subject: z.string(),
  text: z.string(),
  html: z.string(),
  headers: z.record(z.string(), z.string()).optional(),
  /** Wall clock ms. */
  sentAt: z.number(),
});
export type StoredMail = z.infer<typeof storedMailSchema> & { readonly id: string };

export function outboxSender(folder: string, clock: Clock): MailSender {
  return {
    async send(mail) {
      try {
        await store(folder, mail, clock.now());
        return { ok: true, response: 'kept in the outbox' };
      } catch (error) {
        return { ok: false, permanent: false, error: String(error) } satisfies SendOutcome;
      }
    },
    close: () => Promise.resolve(),
  };
}

export function directoryOutbox(folder: string): Outbox {
  return { list: (limit) => listOutbox(folder, limit), read: (id) => readOutbox(folder, id) };
}

/** At most `limit` mails, newest first. */
export async function listOutbox(folder: string, limit: number): Promise<readonly StoredMail[]> {
  const names = await readdir(folder).catch(() => []);
  const mails = await Promise.all(
    names.filter((name) => name.endsWith('.json')).map((name) => readStored(folder, name.slice(0, -5))),
  );
  return mails
    .filter((mail) => mail !== null)
    .sort((a, b) => b.sentAt - a.sentAt)
    .slice(0, limit);
}

/** null when there is no such mail. `id` comes from a URL and is validated here. */
export async function readOutbox(folder: string, id: string): Promise<StoredMail | null> {
  return MAIL_ID.test(id) ? readStored(folder, id) : null;
}

const MAIL_ID = /^[a-z0-9-]{1,120}$/;

async function store(folder: string, mail: Mail, sentAt: number): Promise<void> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${fileId(mail.messageId)}.json`);
  const file = await open(`${path}.part`, 'w', 0o600);
  try {
    await file.writeFile(JSON.stringify({ ...mail, sentAt }, null, 1));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.part`, path);
}

async function readStored(folder: string, id: string): Promise<StoredMail | null> {
  const text = await readFile(join(folder, `${id}.json`), 'utf8').catch(() => null);
  if (text === null) return null;
  const parsed = storedMailSchema.safeParse(parseJson(text));
  return parsed.success ? { ...parsed.data, id } : null;
}

/** `<mail-12@host>` → `mail-12-host`. */
function fileId(messageId: string): string {
  return messageId
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 120);
}
