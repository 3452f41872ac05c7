/** Mails over a real SMTP server. */
import { afterAll, afterEach, beforeEach, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TEST_STUDIO } from '../../../test/support/games/studio.ts';
import { startSmtp } from '../../../test/support/processes/smtp.ts';
import { orderLink, playLink } from '../../domain/links.ts';
import { hashSecret, newSecret, orderSecret, seal } from '../../domain/secret.ts';
import type { Log } from '../../lib/log.ts';
import { loadTexts } from '../../lib/texts.real.ts';
import type { WorkerLoop } from '../../lib/worker-loop.ts';
import { realWorld } from '../../lib/world.real.ts';
import { SqlJobs } from '../../ports/jobs/jobs.sql.ts';
import { smtpSender } from '../../ports/mail/mail.smtp.ts';
import { openSqlite, type SqliteDb } from '../../ports/main-db/main-db.sqlite.ts';
import { insertEntitlement } from '../../ports/main-db/queries/entitlements.ts';
import { insertOrder } from '../../ports/main-db/queries/orders.ts';
import { startMailer } from './mailer.ts';

const smtp = await startSmtp();
const sender = smtpSender(smtp.url);
afterAll(async () => {
  await sender.close();
  await smtp.stop();
});

const KEY = new Uint8Array(32).fill(7);
const silent: Log = { info: () => {}, error: () => {} };

/** The real clock plus `ahead` ms, so that a retry is due without waiting. */
const clock = {
  ahead: 0,
  now: () => realWorld.clock.now() + clock.ahead,
  mono: () => realWorld.clock.mono(),
};
const world = { ...realWorld, clock };

let folder: string;
let db: SqliteDb;
let jobs: SqlJobs;
let mailer: WorkerLoop;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'escapement-mailer-'));
  db = await openSqlite({ path: join(folder, 'main.sqlite'), onLost: () => {} });
  jobs = new SqlJobs(db, world);
  const texts = loadTexts('locales');
  const keys = { pass: { current: 'a', keys: {} }, seal: KEY, admin: '', testProvider: KEY, control: KEY };
  mailer = startMailer({
    db,
    jobs,
    sender,
    keys,
    texts,
    studio: TEST_STUDIO,
    url: 'https://studio.example',
    world,
    log: silent,
  });
});
afterEach(async () => {
  await mailer.stop();
  await db.close();
  await rm(folder, { recursive: true });
});

async function buy(order: string, locale: string, title: string): Promise<string> {
  const secret = newSecret(world.random);
  await db.write(async (tx) => {
    await insertOrder(
      tx,
      {
        id: order,
        state: 'paid',
        secret_hash: hashSecret(order),
        email: 'ada@players.example',
        locale,
        currency: 'EUR',
        provider: 'till',
        session_id: null,
        created_at: 1,
        paid_at: 1,
      },
      [{ game: 'demo', title, quantity: 1, net_minor: 412, tax_minor: 78, gross_minor: 490, tax_rate: 1900 }],
    );
    await insertEntitlement(tx, {
      id: `e-${order}`,
      order_id: order,
      game: 'demo',
      kind: 'bought',
      secret_hash: hashSecret(secret),
      secret_sealed: seal(secret, KEY, `e-${order}`, world.random),
      generation: 0,
      room: null,
      created_at: 1,
      first_played_at: null,
    });
    const payload = {
      template: 'purchase',
      to: 'ada@players.example',
      locale,
      data: { order },
    } as const;
    await jobs.enqueue(tx, { kind: 'mail', key: `purchase:${order}`, payload }, clock.now());
  });
  mailer.wake();
  return secret;
}

async function resend(to: string, key: string): Promise<void> {
  const payload = { template: 'resend', to, locale: 'en', data: {} } as const;
  await db.write((tx) => jobs.enqueue(tx, { kind: 'mail', key, payload }, clock.now()));
  mailer.wake();
}

test('a purchase mail has link, order page and receipt in both bodies, and the studio as sender', async () => {
  const before = smtp.mails.length;
  const secret = await buy('o1', 'en', 'The <Tower>');
  await smtp.received(before + 1);
  const mail = smtp.mails[before];
  expect(mail?.subject).toBe('Your ticket for The <Tower>');
  expect(mail?.from?.text).toBe('"Tick & Tock" <hello@studio.example>');
  for (const body of [mail?.text, mail?.html || '']) {
    expect(body).toContain(playLink('https://studio.example', secret));
    expect(body).toContain(orderLink('https://studio.example', orderSecret('o1', KEY)));
    expect(body).toContain('€4.90');
    expect(body).toContain('help@studio.example');
    expect(body).not.toContain('{{');
  }
  expect(mail?.html).toContain('The &#60;Tower&#62;');
  expect(mail?.html).toContain('#aa3311');
});

test('a mail has the language of the order', async () => {
  const before = smtp.mails.length;
  await buy('o2', 'de', 'Der Turm');
  await smtp.received(before + 1);
  expect(smtp.mails[before]?.subject).toBe('Euer Ticket für Der Turm');
});

test('a mail with a temporary failure is sent later with the same message id', async () => {
  const before = smtp.mails.length;
  smtp.refuse(451);
  await buy('o3', 'en', 'Later');
  const waiting = async (): Promise<string | null> =>
    (await db.read.selectFrom('jobs').select('last_error').executeTakeFirst())?.last_error ?? null;
  while ((await waiting()) === null) await Bun.sleep(5);
  smtp.refuse(null);
  clock.ahead += 3_600_000;
  mailer.wake();
  await smtp.received(before + 1);
  expect(smtp.mails[before]?.messageId).toBe('<purchase-1@studio.example>');
});

test('a mail with a permanent failure becomes a dead letter with its reason', async () => {
  smtp.refuse(550);
  await buy('o4', 'en', 'Never');
  const dead = (): Promise<{ last_error: string | null } | undefined> =>
    db.read.selectFrom('jobs').select('last_error').where('state', '=', 'dead').executeTakeFirst();
  while (!(await dead())) await Bun.sleep(5);
  smtp.refuse(null);
  expect((await dead())?.last_error).toContain('refused by the test');
});

test('a resend to an address without purchases sends no mail', async () => {
  const before = smtp.mails.length;
  await buy('o5', 'en', 'Known');
  await smtp.received(before + 1);
  await resend('stranger@players.example', 'resend:1');
  await resend('ada@players.example', 'resend:2');
  await smtp.received(before + 2);
  expect(smtp.mails.slice(before + 1).map((mail) => mail.subject)).toEqual(['Your links from Tick & Tock']);
});
