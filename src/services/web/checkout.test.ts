/** Buying: whatever comes first, late, twice or never, there is one order, one right to play, one mail. */
import { afterEach, expect, test } from 'bun:test';
import { openWeb, type WebFixture } from '../../../test/support/in-process/web-fixture.ts';
import { hashSecret } from '../../domain/secret.ts';
import { fulfil } from './fulfil.ts';
import { reconciler } from './reconcile-payments.ts';

let shop: WebFixture;
afterEach(() => shop.stop());

const FORM = { email: 'Ada@example.org', again: 'ada@example.org', terms: 'yes', immediate: 'yes' };
const SOLD = { orders: 1, order_lines: 1, payment_events: 1, entitlements: 1, jobs: 1 };

const place = (response: Response) => new URL(response.headers.get('location') ?? '', shop.deps.url).pathname;

/** Fills in the checkout; answers the till's path. */
async function order(): Promise<string> {
  const response = await shop.post('/games/sample-hour/buy', FORM);
  expect(response.status).toBe(303);
  return place(response);
}

/** Presses a button of the till; answers the path the buyer is sent to. */
async function atTill(till: string, action: string, webhook: string): Promise<string> {
  const response = await shop.post(till, { action, webhook });
  expect(response.status).toBe(303);
  return place(response);
}

/** Follows the way back to the order's page; answers its path and text. */
async function comeBack(path: string): Promise<{ readonly path: string; readonly html: string }> {
  const back = place(await shop.get(path));
  expect(back).toStartWith('/o/');
  const page = await shop.get(back);
  expect(page.status).toBe(200);
  return { path: back, html: await page.text() };
}

const state = async () =>
  (await shop.db.read.selectFrom('orders').select('state').executeTakeFirstOrThrow()).state;

for (const webhook of ['first', 'twice', 'never']) {
  test(`a payment whose webhook comes ${webhook} delivers once, and the page has the ticket`, async () => {
    shop = await openWeb();
    const { html } = await comeBack(await atTill(await order(), 'pay', webhook));
    expect(html).toContain('Play now');
    expect(html).toContain('ada@example.org');
    expect(html).toMatch(/http:\/\/shop\.test\/join\/[A-Za-z0-9_-]{32}/);
    expect(await shop.counts()).toMatchObject(SOLD);
  });
}

test('a webhook that is late changes nothing that the return page has done', async () => {
  shop = await openWeb();
  await comeBack(await atTill(await order(), 'pay', 'late'));
  expect(await shop.counts()).toMatchObject(SOLD);
  shop.clock.pass(60_000);
  await shop.deps.testCheckout?.stop();
  expect(shop.webhooks).toHaveLength(1);
  expect(await shop.counts()).toMatchObject(SOLD);
});

test('three webhooks and two returns at once are one sale', async () => {
  shop = await openWeb({ deliver: async () => true });
  const back = await atTill(await order(), 'pay', 'first');
  const [webhook] = shop.webhooks;
  if (!webhook) throw new Error('no webhook was sent');
  const answers = await Promise.all([
    shop.sendWebhook(webhook),
    shop.get(back),
    shop.sendWebhook(webhook),
    shop.get(back),
    shop.sendWebhook(webhook),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([200, 303, 200, 303, 200]);
  expect(await shop.counts()).toMatchObject(SOLD);
});

test('a buyer who never came back, with a webhook that got lost, is found by the reconciling look', async () => {
  shop = await openWeb();
  await atTill(await order(), 'pay', 'never');
  expect(await shop.counts()).toMatchObject({ entitlements: 0, jobs: 0 });
  // Its own round is not waited for: the test makes the rounds.
  await shop.web.stop();
  const { reconcile: look } = reconciler(shop.deps);
  expect(await look()).toBe(0);
  shop.clock.pass(120_000);
  expect(await look()).toBe(1);
  expect(await look()).toBe(0);
  expect(await shop.counts()).toMatchObject(SOLD);
});

test('many abandoned orders do not hide a paid one from the reconciling look', async () => {
  shop = await openWeb();
  await shop.web.stop();
  for (let n = 0; n < 55; n += 1) {
    await order();
    shop.clock.pass(60_000);
  }
  await atTill(await order(), 'pay', 'never');
  shop.clock.pass(120_000);
  const { reconcile: look } = reconciler(shop.deps);
  expect((await look()) + (await look())).toBe(1);
});

test('a declined payment says so and can be tried again; the later payment delivers', async () => {
  shop = await openWeb();
  const { path, html } = await comeBack(await atTill(await order(), 'decline', 'first'));
  expect(html).toContain('declined');
  expect(html).toContain('Try again');
  expect(await shop.counts()).toMatchObject({ entitlements: 0, jobs: 0 });
  const again = await shop.post(`${path}/pay`, {});
  const { html: paid } = await comeBack(await atTill(place(again), 'pay', 'first'));
  expect(paid).toContain('Play now');
  expect(await shop.counts()).toMatchObject({ ...SOLD, payment_events: 2 });
});

test('leaving the till keeps the order, unpaid', async () => {
  shop = await openWeb();
  const { html } = await comeBack(await atTill(await order(), 'cancel', 'never'));
  expect(html).toContain('You left the till');
  expect(await state()).toBe('cancelled');
  expect(await shop.counts()).toMatchObject({ orders: 1, entitlements: 0, jobs: 0 });
});

test('a try that is still open is gone on with, not doubled', async () => {
  shop = await openWeb();
  const till = await order();
  const session = await shop.deps.testCheckout?.session(till.split('/').at(-1) ?? '');
  const path = new URL(session?.successUrl ?? '').pathname.replace('/checkout/return/', '/o/');
  expect(await (await shop.get(path)).text()).toContain('Confirming your payment');
  expect(place(await shop.post(`${path}/pay`, {}))).toBe(till);
});

test('a late decline, or the decline of an earlier try, does not take a paid order back', async () => {
  shop = await openWeb();
  await comeBack(await atTill(await order(), 'pay', 'first'));
  const row = await shop.db.read.selectFrom('orders').selectAll().executeTakeFirstOrThrow();
  const event = { orderId: row.id, currency: 'EUR', totalMinor: 490 };
  await fulfil(shop.deps, { ...event, eventId: 'e1', sessionId: row.session_id ?? '', state: 'declined' });
  await fulfil(shop.deps, { ...event, eventId: 'e2', sessionId: 'earlier', state: 'cancelled' });
  expect(await state()).toBe('paid');
});

test('another amount delivers nothing, is recorded once, and the studio sees it', async () => {
  shop = await openWeb();
  await order();
  const row = await shop.db.read.selectFrom('orders').selectAll().executeTakeFirstOrThrow();
  const event = {
    eventId: 'e1',
    orderId: row.id,
    sessionId: row.session_id ?? '',
    state: 'paid',
    currency: 'EUR',
    totalMinor: 1,
  } as const;
  expect(await fulfil(shop.deps, event)).toBe('mismatch');
  expect(await fulfil(shop.deps, event)).toBe('mismatch');
  expect(await fulfil(shop.deps, { ...event, eventId: 'e2', orderId: 'nobody' })).toBe('unknown-order');
  expect(await shop.counts()).toMatchObject({ payment_events: 2, entitlements: 0, jobs: 0 });
  expect(await state()).toBe('pending');
  const admin = await (await shop.get('/admin?key=admin-key-for-tests')).text();
  expect(admin).toContain('another amount');
  expect(admin).toContain('an order that is not here');
});

test('an order that is paid twice is a matter for the studio', async () => {
  shop = await openWeb();
  const first = await order();
  const { path } = await comeBack(await atTill(first, 'decline', 'first'));
  const again = place(await shop.post(`${path}/pay`, {}));
  await atTill(again, 'pay', 'first');
  const row = await shop.db.read.selectFrom('orders').selectAll().executeTakeFirstOrThrow();
  const event = { orderId: row.id, currency: 'EUR', totalMinor: 490, state: 'paid' } as const;
  expect(await fulfil(shop.deps, { ...event, eventId: 'e9', sessionId: 'earlier' })).toBe('double');
  expect(await shop.counts()).toMatchObject({ entitlements: 1, jobs: 1 });
});

test('a webhook without a good signature is refused and does nothing', async () => {
  shop = await openWeb({ deliver: async () => true });
  await atTill(await order(), 'pay', 'first');
  const [webhook] = shop.webhooks;
  if (!webhook) throw new Error('no webhook was sent');
  const refused = await shop.sendWebhook({ ...webhook, signature: webhook.signature.replace(/.$/, '') });
  expect(refused.status).toBe(400);
  expect(await refused.json()).toEqual({ error: 'webhook-bad' });
  expect((await shop.sendWebhook({ ...webhook, body: `${webhook.body} ` })).status).toBe(400);
  expect(await shop.counts()).toMatchObject({ payment_events: 0, entitlements: 0 });
});

test('a checkout with faults names each beside its field and makes no order', async () => {
  shop = await openWeb();
  const response = await shop.post('/games/sample-hour/buy', { email: 'ada@', again: '' });
  expect(response.status).toBe(422);
  const html = await response.text();
  for (const id of ['email-error', 'terms-error', 'immediate-error']) expect(html).toContain(`id="${id}"`);
  const differs = await shop.post('/games/sample-hour/buy', { ...FORM, again: 'eve@example.org' });
  expect(await differs.text()).toContain('id="again-error"');
  expect(await shop.counts()).toMatchObject({ orders: 0 });
});

test('lines are stored with net, tax and gross, and neither secret is stored as it is', async () => {
  shop = await openWeb();
  const { path, html } = await comeBack(await atTill(await order(), 'pay', 'first'));
  const line = await shop.db.read.selectFrom('order_lines').selectAll().executeTakeFirstOrThrow();
  expect(line).toMatchObject({ net_minor: 412, tax_minor: 78, gross_minor: 490, tax_rate: 1900 });
  const [row, right, job] = await Promise.all([
    shop.db.read.selectFrom('orders').selectAll().executeTakeFirstOrThrow(),
    shop.db.read.selectFrom('entitlements').selectAll().executeTakeFirstOrThrow(),
    shop.db.read.selectFrom('jobs').selectAll().executeTakeFirstOrThrow(),
  ]);
  const link = /\/join\/([A-Za-z0-9_-]{32})/.exec(html)?.[1] ?? '';
  const page = path.slice('/o/'.length);
  expect(right.secret_hash).toBe(hashSecret(link));
  const stored = JSON.stringify([row, right, job]);
  for (const secret of [link, page]) expect(stored).not.toContain(secret);
  expect(JSON.parse(job.payload)).toEqual({
    template: 'purchase',
    to: 'ada@example.org',
    locale: 'en',
    data: { order: row.id },
  });
});
