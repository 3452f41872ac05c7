/** Buying: whether a webhook comes first, late, twice or never, there is one order, one entitlement, one mail. */
import { afterEach, expect, test } from 'bun:test';
import { openWeb, type WebFixture } from '../../../../test/support/in-process/web-fixture.ts';
import { hashSecret } from '../../../domain/secret.ts';
import { fulfil } from './fulfil.ts';
import { createReconciler } from './reconcile-payments.ts';

let shop: WebFixture;
afterEach(() => shop.stop());

const FORM = { email: 'Ada@example.org', again: 'ada@example.org', terms: 'yes', immediate: 'yes' };
const SOLD = { orders: 1, order_lines: 1, payment_events: 1, entitlements: 1, jobs: 1 };

const redirectPath = (response: Response) =>
  new URL(response.headers.get('location') ?? '', shop.deps.url).pathname;

/** Submits the checkout form; returns the path of the test provider's page. */
async function submitOrder(): Promise<string> {
  const response = await shop.postForm('/games/sample-hour/buy', FORM);
  expect(response.status).toBe(303);
  return redirectPath(response);
}

/** Submits the test provider's form; returns the path the buyer is sent to. */
async function submitPayment(checkout: string, action: string, webhook: string): Promise<string> {
  const response = await shop.postForm(checkout, { action, webhook });
  expect(response.status).toBe(303);
  return redirectPath(response);
}

/** Follows the redirect to the order's page; returns its path and text. */
async function followBack(path: string): Promise<{ readonly path: string; readonly html: string }> {
  const back = redirectPath(await shop.get(path));
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
    const { html } = await followBack(await submitPayment(await submitOrder(), 'pay', webhook));
    expect(html).toContain('Play now');
    expect(html).toContain('ada@example.org');
    expect(html).toMatch(/http:\/\/shop\.test\/join\/[A-Za-z0-9_-]{32}/);
    expect(await shop.counts()).toMatchObject(SOLD);
  });
}

test('a late webhook does not change what the return page has done', async () => {
  shop = await openWeb();
  await followBack(await submitPayment(await submitOrder(), 'pay', 'late'));
  expect(await shop.counts()).toMatchObject(SOLD);
  shop.world.advance(60_000);
  await shop.deps.testCheckout?.stop();
  expect(shop.webhooks).toHaveLength(1);
  expect(await shop.counts()).toMatchObject(SOLD);
});

test('three webhooks and two returns at once are one sale', async () => {
  shop = await openWeb({ deliver: async () => true });
  const back = await submitPayment(await submitOrder(), 'pay', 'first');
  const [webhook] = shop.webhooks;
  if (!webhook) throw new Error('no webhook was sent');
  const responses = await Promise.all([
    shop.sendWebhook(webhook),
    shop.get(back),
    shop.sendWebhook(webhook),
    shop.get(back),
    shop.sendWebhook(webhook),
  ]);
  expect(responses.map(({ status }) => status)).toEqual([200, 303, 200, 303, 200]);
  expect(await shop.counts()).toMatchObject(SOLD);
});

test('a payment whose buyer never returned and whose webhook was lost is found by reconciliation', async () => {
  shop = await openWeb();
  await submitPayment(await submitOrder(), 'pay', 'never');
  expect(await shop.counts()).toMatchObject({ entitlements: 0, jobs: 0 });
  // Stops the service's own rounds: the test runs them.
  await shop.web.stop();
  const reconcile = createReconciler(shop.deps);
  expect(await reconcile()).toBe(0);
  shop.world.advance(120_000);
  expect(await reconcile()).toBe(1);
  expect(await reconcile()).toBe(0);
  expect(await shop.counts()).toMatchObject(SOLD);
});

/** Resolves when the service starts to wait for its next round: the round before has ended. */
function nextPause(): Promise<void> {
  const { timers } = shop.world;
  const { after } = timers;
  return new Promise((resolve) => {
    timers.after = (ms, run) => {
      timers.after = after;
      resolve();
      return after(ms, run);
    };
  });
}

test('the running service reconciles every minute, the first time a minute after its start', async () => {
  shop = await openWeb();
  const fetchSession = shop.deps.payments.fetchSession;
  const fetched: number[] = [];
  shop.deps.payments.fetchSession = async (id) => {
    fetched.push(shop.world.clock.now());
    if (fetched.length === 1) throw new Error('the provider is down');
    return fetchSession(id);
  };
  await submitPayment(await submitOrder(), 'pay', 'never');
  const start = shop.world.clock.now();
  const created_at = start - 120_000;
  await shop.db.write((tx) => tx.updateTable('orders').set({ created_at }).execute());
  for (const round of [1, 2]) {
    const ended = nextPause();
    shop.world.advance(59_999);
    expect(fetched).toHaveLength(round - 1);
    shop.world.advance(1);
    await ended;
  }
  expect(fetched.map((at) => at - start)).toEqual([60_000, 120_000]);
  expect(shop.logged.join()).toContain('the provider is down');
  expect(await shop.counts()).toMatchObject(SOLD);
});

test('many abandoned orders do not hide a paid one from reconciliation', async () => {
  shop = await openWeb();
  await shop.web.stop();
  for (let n = 0; n < 55; n += 1) {
    await submitOrder();
    shop.world.advance(60_000);
  }
  await submitPayment(await submitOrder(), 'pay', 'never');
  shop.world.advance(120_000);
  const reconcile = createReconciler(shop.deps);
  expect((await reconcile()) + (await reconcile())).toBe(1);
});

test('a declined payment says so and can be tried again; the later payment delivers', async () => {
  shop = await openWeb();
  const { path, html } = await followBack(await submitPayment(await submitOrder(), 'decline', 'first'));
  expect(html).toContain('declined');
  expect(html).toContain('Try again');
  expect(await shop.counts()).toMatchObject({ entitlements: 0, jobs: 0 });
  const again = await shop.postForm(`${path}/pay`, {});
  const { html: paid } = await followBack(await submitPayment(redirectPath(again), 'pay', 'first'));
  expect(paid).toContain('Play now');
  expect(await shop.counts()).toMatchObject({ ...SOLD, payment_events: 2 });
});

test('leaving the test provider keeps the order, unpaid', async () => {
  shop = await openWeb();
  const { html } = await followBack(await submitPayment(await submitOrder(), 'cancel', 'never'));
  expect(html).toContain('You left the till');
  expect(await state()).toBe('cancelled');
  expect(await shop.counts()).toMatchObject({ orders: 1, entitlements: 0, jobs: 0 });
});

test('an attempt that is still open is continued, not started again', async () => {
  shop = await openWeb();
  const checkout = await submitOrder();
  const session = await shop.deps.testCheckout?.fetchSession(checkout.split('/').at(-1) ?? '');
  const path = new URL(session?.successUrl ?? '').pathname.replace('/checkout/return/', '/o/');
  expect(await (await shop.get(path)).text()).toContain('Confirming your payment');
  expect(redirectPath(await shop.postForm(`${path}/pay`, {}))).toBe(checkout);
});

test('a late decline, or the decline of an earlier attempt, does not reopen a paid order', async () => {
  shop = await openWeb();
  await followBack(await submitPayment(await submitOrder(), 'pay', 'first'));
  const row = await shop.db.read.selectFrom('orders').selectAll().executeTakeFirstOrThrow();
  const event = { orderId: row.id, currency: 'EUR', totalMinor: 490 };
  await fulfil(shop.deps, { ...event, eventId: 'e1', sessionId: row.session_id ?? '', state: 'declined' });
  await fulfil(shop.deps, { ...event, eventId: 'e2', sessionId: 'earlier', state: 'cancelled' });
  expect(await state()).toBe('paid');
});

test('a payment of another amount delivers nothing, is recorded once, and is shown to the studio', async () => {
  shop = await openWeb();
  await submitOrder();
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

test('a second payment of an order is reported to the studio and delivers nothing', async () => {
  shop = await openWeb();
  const first = await submitOrder();
  const { path } = await followBack(await submitPayment(first, 'decline', 'first'));
  const again = redirectPath(await shop.postForm(`${path}/pay`, {}));
  await submitPayment(again, 'pay', 'first');
  const row = await shop.db.read.selectFrom('orders').selectAll().executeTakeFirstOrThrow();
  const event = { orderId: row.id, currency: 'EUR', totalMinor: 490, state: 'paid' } as const;
  expect(await fulfil(shop.deps, { ...event, eventId: 'e9', sessionId: 'earlier' })).toBe('double');
  expect(await shop.counts()).toMatchObject({ entitlements: 1, jobs: 1 });
});

test('a webhook without a valid signature is refused and changes nothing', async () => {
  shop = await openWeb({ deliver: async () => true });
  await submitPayment(await submitOrder(), 'pay', 'first');
  const [webhook] = shop.webhooks;
  if (!webhook) throw new Error('no webhook was sent');
  const refused = await shop.sendWebhook({
    ...webhook,
    signature: webhook.signature.replace(/.$/, ''),
  });
  expect(refused.status).toBe(400);
  expect(await refused.text()).toBe('{"ok":false,"code":"webhook-bad","next":"stop","then":"stop"}');
  expect((await shop.sendWebhook({ ...webhook, body: `${webhook.body} ` })).status).toBe(400);
  expect(await shop.counts()).toMatchObject({ payment_events: 0, entitlements: 0 });
});

test('a checkout form with errors shows each beside its field and creates no order', async () => {
  shop = await openWeb();
  const response = await shop.postForm('/games/sample-hour/buy', { email: 'ada@', again: '' });
  expect(response.status).toBe(422);
  const html = await response.text();
  for (const id of ['email-error', 'terms-error', 'immediate-error']) expect(html).toContain(`id="${id}"`);
  const differs = await shop.postForm('/games/sample-hour/buy', { ...FORM, again: 'eve@example.org' });
  expect(await differs.text()).toContain('id="again-error"');
  expect(await shop.counts()).toMatchObject({ orders: 0 });
});

test('lines are stored with net, tax and gross, and neither secret is stored in plain text', async () => {
  shop = await openWeb();
  const { path, html } = await followBack(await submitPayment(await submitOrder(), 'pay', 'first'));
  const line = await shop.db.read.selectFrom('order_lines').selectAll().executeTakeFirstOrThrow();
  expect(line).toMatchObject({ net_minor: 412, tax_minor: 78, gross_minor: 490, tax_rate: 1900 });
  const [row, entitlement, job] = await Promise.all([
    shop.db.read.selectFrom('orders').selectAll().executeTakeFirstOrThrow(),
    shop.db.read.selectFrom('entitlements').selectAll().executeTakeFirstOrThrow(),
    shop.db.read.selectFrom('jobs').selectAll().executeTakeFirstOrThrow(),
  ]);
  const link = /\/join\/([A-Za-z0-9_-]{32})/.exec(html)?.[1] ?? '';
  const page = path.slice('/o/'.length);
  expect(entitlement.secret_hash).toBe(hashSecret(link));
  const stored = JSON.stringify([row, entitlement, job]);
  for (const secret of [link, page]) expect(stored).not.toContain(secret);
  expect(JSON.parse(job.payload)).toEqual({
    template: 'purchase',
    to: 'ada@example.org',
    locale: 'en',
    data: { order: row.id },
  });
});
