/**
 * However often and in however many ways a payment is reported, even at the same moment: one paid order,
 * one entitlement, one mail, sent through a real mail server.
 *
 * Three guards in a row ensure it: the order's state, its change to paid, and the key of the mail job. The
 * control removes all three.
 */
import { Database } from 'bun:sqlite';
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { join } from 'node:path';
import { openKeyring } from '../../src/ports/keyring/keyring.file.ts';
import { sign, TEST_SIGNATURE_HEADER } from '../../src/ports/payments/payments.test-provider.ts';
import { startServer } from '../e2e/support/server.ts';
import { temporaryFolder } from '../support/processes/command-line.ts';
import { faultServer } from '../support/fault-test.ts';
import { redirectTarget, type Site, type Visitor, siteVisitor } from '../support/clients/visitor.ts';
import { type SmtpSink, startSmtp } from '../support/processes/smtp.ts';

const TEST_MS = 60_000;
const EMAIL = 'ada@players.example';
const GAME = 'dormouse-hour';
const FORM = { email: EMAIL, again: EMAIL, terms: 'yes', immediate: 'yes' };
/** Reports of the payment: three webhooks and the return page. */
const REPORTS = 4;

type Row = { readonly [column: string]: unknown };

/** A program with a data folder and a mail server of its own. */
interface Shop {
  readonly site: Site;
  readonly smtp: SmtpSink;
  rows(query: string): readonly Row[];
  /** A webhook for a payment of the only order, signed as by the test provider. */
  webhook(state: string): () => Promise<Response>;
  stop(): Promise<number>;
  start(): Promise<void>;
}

let shop: Shop;
const undo: (() => unknown)[] = [];

beforeAll(async () => {
  shop = await openShop(null);
}, TEST_MS);
afterAll(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
}, TEST_MS);

async function openShop(removedGuard: string | null): Promise<Shop> {
  const folder = temporaryFolder('smtp-once');
  undo.push(() => folder.remove());
  const smtp = await startSmtp();
  undo.push(() => smtp.stop());
  const begin = async () => {
    const server = await startServer(
      faultServer(folder.path, { removedGuard, env: { ESCAPEMENT_SMTP: smtp.url } }),
    );
    undo.push(() => server.kill());
    return server;
  };
  let server = await begin();
  const site = { port: server.port };
  const rows = (query: string) => rowsOf(join(folder.path, 'main.sqlite'), query);
  return {
    site,
    smtp,
    rows,
    webhook: (state) => webhookOf({ folder: folder.path, site, rows }, state),
    stop: () => server.stop(),
    async start() {
      server = await begin();
      site.port = server.port;
    },
  };
}

function webhookOf(
  { folder, site, rows }: Pick<Shop, 'site' | 'rows'> & { readonly folder: string },
  state: string,
): () => Promise<Response> {
  const opened = openKeyring(folder, () => {
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
    [TEST_SIGNATURE_HEADER]: sign(opened.keys.testProvider, Date.now(), body),
  };
  return () => fetch(`http://127.0.0.1:${site.port}/webhooks/till`, { method: 'POST', body, headers });
}

function rowsOf(path: string, query: string): readonly Row[] {
  const database = new Database(path, { readonly: true });
  const found = database.query(query).all() as Row[];
  database.close();
  return found;
}

/** Waits until no mail job is open; the mailer marks a mail as sent after the mail server has accepted it. */
async function mailsSent({ rows }: Shop): Promise<readonly Row[]> {
  for (;;) {
    const jobs = rows(`select state, attempts from jobs where kind = 'mail'`);
    if (jobs.every(({ state }) => state !== 'ready' && state !== 'leased')) return jobs;
    await Bun.sleep(20);
  }
}

/** What was sold, as the database and the mail server have it. */
async function sales(of: Shop) {
  const jobs = await mailsSent(of);
  return {
    orders: of.rows('select state from orders'),
    entitlements: of.rows('select kind, game from entitlements'),
    events: of.rows('select state from payment_events'),
    jobs,
    mails: of.smtp.mails.length,
  };
}

/** Sold and sent `times` times, for one order and one event of the provider. */
function sold(times: number) {
  const each = <T>(what: T) => Array.from({ length: times }, () => what);
  return {
    orders: [{ state: 'paid' }],
    entitlements: each({ kind: 'bought', game: GAME }),
    events: [{ state: 'paid' }],
    jobs: each({ state: 'done', attempts: 1 }),
    mails: times,
  };
}

/**
 * A visitor buys; three webhooks and the return page report the payment at once. Returns the address of the
 * return page.
 */
async function buy({ rows, webhook }: Shop, buyer: Visitor): Promise<string> {
  const payPage = await redirectTarget(buyer.post(`/games/${GAME}/buy`, FORM));
  // The test provider sends no webhook: all webhooks of this sale come from here.
  const back = await redirectTarget(buyer.post(payPage, { action: 'pay', webhook: 'never' }));
  expect(rows('select state from orders')).toEqual([{ state: 'pending' }]);
  const deliver = webhook('paid');
  const answers = await Promise.all([deliver(), buyer.get(back), deliver(), deliver()]);
  expect(answers.map(({ status }) => status)).toEqual([200, 303, 200, 200]);
  return back;
}

test(
  'a webhook three times at once beside the return page is one sale and one mail',
  async () => {
    const buyer = siteVisitor(shop.site);
    const back = await buy(shop, buyer);
    await shop.smtp.received(1);
    expect(await sales(shop)).toEqual(sold(1));
    const [mail] = shop.smtp.mails;
    expect(mail?.to).toMatchObject({ text: EMAIL });
    const link = /https?:\/\/[^\s"<>]+\/join\/[A-Za-z0-9_-]+/.exec(mail?.text ?? '')?.[0] ?? '';
    expect(mail?.html).toContain(link);
    expect((await siteVisitor(shop.site).get(link)).status).toBe(200);
    // The same link as on the buyer's own page.
    const orderPage = await buyer.get(await redirectTarget(buyer.get(back)));
    expect(await orderPage.text()).toContain(new URL(link).pathname);
  },
  TEST_MS,
);

test(
  'the same webhook again, after a restart, sells and sends nothing more',
  async () => {
    expect(await shop.stop()).toBe(0);
    await shop.start();
    const deliver = shop.webhook('paid');
    const answers = await Promise.all([deliver(), deliver(), deliver()]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await sales(shop)).toEqual(sold(1));
    // The mailer finishes its running jobs before the program ends.
    expect(await shop.stop()).toBe(0);
    expect(await sales(shop)).toEqual(sold(1));
  },
  TEST_MS,
);

test(
  'control: without deduplication, each report of the payment sells and sends again',
  async () => {
    const unguarded = await openShop('once');
    await buy(unguarded, siteVisitor(unguarded.site));
    await unguarded.smtp.received(REPORTS);
    expect(await sales(unguarded)).toEqual(sold(REPORTS));
  },
  TEST_MS,
);
