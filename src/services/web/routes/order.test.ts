/** The order page, and the page that sends links again. */
import { afterEach, beforeEach, expect, test } from 'bun:test';
import { openWeb, type WebFixture } from '../../../../test/support/in-process/web-fixture.ts';
import { orderSecret } from '../../../domain/secret.ts';

let shop: WebFixture;
let page = '';

beforeEach(async () => {
  shop = await openWeb();
  const form = { email: 'ada@example.org', again: 'ada@example.org', terms: 'yes', immediate: 'yes' };
  const checkout = new URL(
    (await shop.postForm('/games/sample-hour/buy', form)).headers.get('location') ?? '',
  );
  await shop.postForm(checkout.pathname, { action: 'pay', webhook: 'first' });
  const { id } = await shop.db.read.selectFrom('orders').select('id').executeTakeFirstOrThrow();
  page = `/o/${orderSecret(id, shop.deps.keys.seal)}`;
});
afterEach(() => shop.stop());

const linkIn = (html: string) => /\/join\/([A-Za-z0-9_-]{32})/.exec(html)?.[1];
const loadEntitlement = () => shop.db.read.selectFrom('entitlements').selectAll().executeTakeFirstOrThrow();

test('the page shows the link, a QR code of it and the receipt', async () => {
  const html = await (await shop.get(page)).text();
  expect(linkIn(html)).toBeString();
  expect(html).toContain('src="data:image/svg+xml,');
  for (const amount of ['€4.12', '€0.78', '€4.90', '19%']) expect(html).toContain(amount);
});

test('replacing the link retires the old one and notifies the owner of the room', async () => {
  const { id } = await loadEntitlement();
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
  const response = await shop.postForm(`${page}/replace`, { right: id });
  expect(response.headers.get('location')).toBe(`${page}?done=replaced`);
  const html = await (await shop.get(`${page}?done=replaced`)).text();
  expect(html).toContain('This is your new link');
  expect(linkIn(html)).not.toBe(before ?? '');
  expect(await loadEntitlement()).toMatchObject({ generation: 1 });
  expect(shop.commands).toEqual([
    { slot: 'h1', command: { kind: 'generation', room: 'room1', generation: 1 } },
  ]);
});

test("the link of another order's entitlement cannot be replaced from this page", async () => {
  expect((await shop.postForm(`${page}/replace`, { right: 'somebody-else' })).status).toBe(400);
  expect(await loadEntitlement()).toMatchObject({ generation: 0 });
});

test('the mail can be sent again, once a minute', async () => {
  await shop.postForm(`${page}/mail`, {});
  await shop.postForm(`${page}/mail`, {});
  expect(await shop.counts()).toMatchObject({ jobs: 2 });
  shop.world.advance(60_000);
  await shop.postForm(`${page}/mail`, {});
  expect(await shop.counts()).toMatchObject({ jobs: 3 });
});

test('an unknown order is a page that says where to go', async () => {
  for (const path of ['/o/short', `/o/${'a'.repeat(32)}`, `/checkout/return/${'a'.repeat(32)}`]) {
    const response = await shop.get(path);
    expect(response.status).toBe(404);
    expect(await response.text()).toContain('order-unknown');
  }
});

test('sending links again does the same work and responds the same for known and unknown addresses', async () => {
  const outcomes = [];
  for (const email of ['ADA@example.org', 'nobody@example.org']) {
    const jobs = (await shop.counts())['jobs'] ?? 0;
    const response = await shop.postForm('/resend', { email });
    const sent = await shop.get(response.headers.get('location') ?? '');
    outcomes.push([response.status, await sent.text(), ((await shop.counts())['jobs'] ?? 0) - jobs]);
  }
  expect(outcomes[0]).toEqual(outcomes[1]);
  expect(outcomes[0]?.[2]).toBe(1);
});

test('a mailbox cannot be flooded by sending links again', async () => {
  const jobs = (await shop.counts())['jobs'] ?? 0;
  for (let n = 0; n < 4; n += 1) await shop.postForm('/resend', { email: 'ada@example.org' });
  expect((await shop.counts())['jobs']).toBe(jobs + 1);
});

test('an invalid address is refused with an explanation', async () => {
  const response = await shop.postForm('/resend', { email: '<script>' });
  expect(response.status).toBe(422);
  const html = await response.text();
  expect(html).toContain('email-error');
  expect(html).not.toContain('<script>');
});
