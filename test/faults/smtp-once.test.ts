/**
 * However often and from however many sides a payment is told of, even all at the same moment: one
 * paid order, one right to play, one mail, given to a real mail server.
 */
import { Database } from 'bun:sqlite';
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { join } from 'node:path';
import { openKeyring } from '../../src/lib/keyring.real.ts';
import { sign, TILL_SIGNATURE } from '../../src/ports/payments/payments.till.ts';
import { type ServerProcess, startServer, temporaryFolder } from '../e2e/support/server.ts';
import { leadsTo, type Site, siteVisitor } from '../support/site-visitor.ts';
import { type SmtpSink, startSmtp } from '../support/smtp.ts';

const TEST_MS = 60_000;
const EMAIL = 'ada@players.example';
const GAME = 'dormouse-hour';
const FORM = { email: EMAIL, again: EMAIL, terms: 'yes', immediate: 'yes' };

const site: Site = { port: 0 };
let folder: { path: string; remove(): Promise<void> };
let smtp: SmtpSink;
let server: ServerProcess;

beforeAll(async () => {
  folder = await temporaryFolder('smtp-once');
  smtp = await startSmtp();
  await start();
}, TEST_MS);
afterAll(async () => {
  await server.kill();
  await smtp.stop();
  await folder.remove();
}, TEST_MS);

async function start(): Promise<void> {
  const env = { ESCAPEMENT_SMTP: smtp.url };
  server = await startServer({ port: 0, url: '', dataDir: folder.path, env });
  site.port = server.port;
}

/** A webhook as the till signs it, for a payment of the only order. */
function webhook(state: string): () => Promise<Response> {
  const opened = openKeyring(folder.path, () => {
    throw new Error('the keys are not there');
  });
  if (!opened.ok) throw new Error(opened.why);
  const [order] = rows('select id, session_id, currency from orders');
  const [line] = rows('select gross_minor from order_lines');
  const event = {
    eventId: `${String(order?.['session_id'])}-${state}`,
    sessionId: order?.['session_id'],
    orderId: order?.['id'],
    state,
    currency: order?.['currency'],
    totalMinor: line?.['gross_minor'],
  };
  const body = JSON.stringify(event);
  const headers = {
    'Content-Type': 'application/json',
    [TILL_SIGNATURE]: sign(opened.keys.till, Date.now(), body),
  };
  return () => fetch(`http://127.0.0.1:${site.port}/webhooks/till`, { method: 'POST', body, headers });
}

function rows(query: string): readonly { readonly [column: string]: unknown }[] {
  const database = new Database(join(folder.path, 'main.sqlite'), { readonly: true });
  const found = database.query(query).all() as { [column: string]: unknown }[];
  database.close();
  return found;
}

/** The mailer notes a mail as sent after the mail server has taken it. */
async function mailsSent(): Promise<readonly { readonly [column: string]: unknown }[]> {
  for (;;) {
    const jobs = rows(`select state, attempts from jobs where kind = 'mail'`);
    if (jobs.every(({ state }) => state !== 'ready' && state !== 'leased')) return jobs;
    await Bun.sleep(20);
  }
}

const ONE_MAIL = [{ state: 'done', attempts: 1 }];

function expectOneSale(): void {
  expect(rows('select state from orders')).toEqual([{ state: 'paid' }]);
  expect(rows('select kind, game from entitlements')).toEqual([{ kind: 'bought', game: GAME }]);
  expect(rows('select state from payment_events')).toEqual([{ state: 'paid' }]);
}

test(
  'a webhook three times at once beside the return page is one sale and one mail',
  async () => {
    const buyer = siteVisitor(site);
    const till = await leadsTo(buyer.post(`/games/${GAME}/buy`, FORM));
    // The till is told to send none: all webhooks of this sale come from here.
    const back = await leadsTo(buyer.post(till, { action: 'pay', webhook: 'never' }));
    expect(rows('select state from orders')).toEqual([{ state: 'pending' }]);

    const deliver = webhook('paid');
    const answers = await Promise.all([deliver(), buyer.get(back), deliver(), deliver()]);
    expect(answers.map(({ status }) => status)).toEqual([200, 303, 200, 200]);

    await smtp.received(1);
    expect(await mailsSent()).toEqual(ONE_MAIL);
    expectOneSale();
    expect(smtp.mails).toHaveLength(1);
    const [mail] = smtp.mails;
    expect(mail?.to).toMatchObject({ text: EMAIL });
    const link = /https?:\/\/[^\s"<>]+\/join\/[A-Za-z0-9_-]+/.exec(mail?.text ?? '')?.[0] ?? '';
    expect(mail?.html).toContain(link);
    expect((await siteVisitor(site).get(link)).status).toBe(200);
    // The same link as on the buyer's own page.
    const orderPage = await buyer.get(await leadsTo(buyer.get(back)));
    expect(await orderPage.text()).toContain(new URL(link).pathname);
  },
  TEST_MS,
);

test(
  'the same webhook again, after a restart, sells and sends nothing more',
  async () => {
    expect(await server.stop()).toBe(0);
    await start();
    const deliver = webhook('paid');
    const answers = await Promise.all([deliver(), deliver(), deliver()]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await mailsSent()).toEqual(ONE_MAIL);
    expectOneSale();
    // What the mailer had begun is over when the program is.
    expect(await server.stop()).toBe(0);
    expect(smtp.mails).toHaveLength(1);
  },
  TEST_MS,
);
