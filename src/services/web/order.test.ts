/** The buyer's page and the page that sends links again. */
import { afterEach, beforeEach, expect, test } from 'bun:test';
import { openWeb, type WebFixture } from '../../../test/support/in-process/web-fixture.ts';
import { orderSecret } from '../../domain/secret.ts';

let shop: WebFixture;
let page = '';

beforeEach(async () => {
  shop = await openWeb();
  const form = { email: 'ada@example.org', again: 'ada@example.org', terms: 'yes', immediate: 'yes' };
  const till = new URL((await shop.post('/games/sample-hour/buy', form)).headers.get('location') ?? '');
  await shop.post(till.pathname, { action: 'pay', webhook: 'first' });
  const { id } = await shop.db.read.selectFrom('orders').select('id').executeTakeFirstOrThrow();
  page = `/o/${orderSecret(id, shop.deps.keys.seal)}`;
});
afterEach(() => shop.stop());

const linkIn = (html: string) => /\/join\/([A-Za-z0-9_-]{32})/.exec(html)?.[1];
const right = () => shop.db.read.selectFrom('entitlements').selectAll().executeTakeFirstOrThrow();

test('the page shows the link, a QR code of it and the receipt', async () => {
  const html = await (await shop.get(page)).text();
  expect(linkIn(html)).toBeString();
  expect(html).toContain('src="data:image/svg+xml,');
  for (const amount of ['€4.12', '€0.78', '€4.90', '19%']) expect(html).toContain(amount);
});

test('replacing the link retires the old one and tells the owner of the room', async () => {
  const { id } = await right();
  await shop.db.write(async (tx) => {
    const row = {
      entitlement: id,
      game: 'sample-hour',
      rules_hash: 'r',
      seed: 1,
      locale: 'en',
      options: '{}',
    };
    const times = { created_at: 0, started_at: 0, archived_upto: 0, archived_epoch: 0, archived_ms: 0 };
    const rest = { region: '', log: 'journal', finished_at: null, end_token: 'end', quarantined: null };
    await tx
      .insertInto('rooms')
      .values({ id: 'room1', ...row, ...times, ...rest })
      .execute();
    await tx.updateTable('entitlements').set({ room: 'room1' }).execute();
    await tx
      .insertInto('room_owners')
      .values({ room: 'room1', slot: 'h1', boot_id: 'b', epoch: 1 })
      .execute();
  });
  const before = linkIn(await (await shop.get(page)).text());
  const answer = await shop.post(`${page}/replace`, { right: id });
  expect(answer.headers.get('location')).toBe(`${page}?done=replaced`);
  const html = await (await shop.get(`${page}?done=replaced`)).text();
  expect(html).toContain('This is your new link');
  expect(linkIn(html)).not.toBe(before ?? '');
  expect(await right()).toMatchObject({ generation: 1 });
  expect(shop.told).toEqual([{ slot: 'h1', command: { kind: 'generation', room: 'room1', generation: 1 } }]);
});

test("another order's right cannot be replaced from this page", async () => {
  expect((await shop.post(`${page}/replace`, { right: 'somebody-else' })).status).toBe(400);
  expect(await right()).toMatchObject({ generation: 0 });
});

test('the mail can be asked for again, once a minute', async () => {
  await shop.post(`${page}/mail`, {});
  await shop.post(`${page}/mail`, {});
  expect(await shop.counts()).toMatchObject({ jobs: 2 });
  shop.clock.pass(60_000);
  await shop.post(`${page}/mail`, {});
  expect(await shop.counts()).toMatchObject({ jobs: 3 });
});

test('an order nobody has is a page that says where to go', async () => {
  for (const path of ['/o/short', `/o/${'a'.repeat(32)}`, `/checkout/return/${'a'.repeat(32)}`]) {
    const response = await shop.get(path);
    expect(response.status).toBe(404);
    expect(await response.text()).toContain('order-unknown');
  }
});

test('sending links again answers known and unknown addresses alike, after the same work', async () => {
  const answers = [];
  for (const email of ['ADA@example.org', 'nobody@example.org']) {
    const jobs = (await shop.counts())['jobs'] ?? 0;
    const response = await shop.post('/resend', { email });
    const sent = await shop.get(response.headers.get('location') ?? '');
    answers.push([response.status, await sent.text(), ((await shop.counts())['jobs'] ?? 0) - jobs]);
  }
  expect(answers[0]).toEqual(answers[1]);
  expect(answers[0]?.[2]).toBe(1);
});

test('nobody’s mailbox is flooded by sending links again', async () => {
  const jobs = (await shop.counts())['jobs'] ?? 0;
  for (let n = 0; n < 4; n += 1) await shop.post('/resend', { email: 'ada@example.org' });
  expect((await shop.counts())['jobs']).toBe(jobs + 1);
});

test('what is no address is told so', async () => {
  const response = await shop.post('/resend', { email: '<script>' });
  expect(response.status).toBe(422);
  const html = await response.text();
  expect(html).toContain('email-error');
  expect(html).not.toContain('<script>');
});
