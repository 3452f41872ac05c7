/** Every POST, whatever it is for: from our own pages, in bounds, not too often. */
import { afterEach, expect, test } from 'bun:test';
import { join } from 'node:path';
import { openWeb, TEST_URL, type WebFixture } from '../../../test/support/in-process/web-fixture.ts';

let shop: WebFixture;
afterEach(() => shop.stop());

const FORM = { email: 'ada@example.org' };

test('a form from another site, or from nowhere, is refused and does nothing', async () => {
  shop = await openWeb();
  for (const headers of [
    { Origin: 'https://evil.example' },
    { Origin: 'null' },
    { Origin: TEST_URL, 'Sec-Fetch-Site': 'cross-site' },
    { Origin: TEST_URL, 'Sec-Fetch-Site': 'same-site' },
    { Origin: `${TEST_URL}.evil.example` },
  ]) {
    const response = await shop.post('/resend', FORM, headers);
    expect(response.status).toBe(403);
    expect(await response.text()).toContain('wrong-origin');
  }
  const silent = new Request(`${TEST_URL}/resend`, {
    method: 'POST',
    body: 'email=ada%40example.org',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
  });
  expect((await shop.web.fetch(silent, '192.0.2.9')).status).toBe(403);
  expect(await shop.counts()).toMatchObject({ jobs: 0 });
});

test('the same machine under another name is still our own page', async () => {
  shop = await openWeb();
  const headers = { Origin: 'http://192.168.1.5:8080', Host: '192.168.1.5:8080' };
  expect((await shop.post('/resend', FORM, headers)).status).toBe(303);
});

test('a body that is too long, or of another kind, is refused before it is read', async () => {
  shop = await openWeb();
  const long = await shop.post('/resend', { email: 'a'.repeat(20_000) });
  expect(long.status).toBe(413);
  const parts = new ReadableStream({
    pull: (controller) => controller.enqueue(new TextEncoder().encode('a'.repeat(1_000))),
  });
  const endless = new Request(`${TEST_URL}/resend`, {
    method: 'POST',
    body: parts,
    headers: { 'Content-Type': 'application/x-www-form-urlencoded', Origin: TEST_URL },
  });
  expect((await shop.web.fetch(endless, '192.0.2.9')).status).toBe(413);
  const kind = await shop.post('/resend', FORM, { 'Content-Type': 'text/plain' });
  expect(kind.status).toBe(415);
});

test('who posts too often waits, and others do not', async () => {
  shop = await openWeb();
  const statuses = [];
  for (let n = 0; n < 7; n += 1) statuses.push((await shop.post('/resend', FORM)).status);
  expect(statuses).toEqual([303, 303, 303, 303, 303, 429, 429]);
  const refused = await shop.post('/resend', FORM);
  expect(refused.headers.get('retry-after')).toBe('60');
  const other = new Request(`${TEST_URL}/resend`, {
    method: 'POST',
    body: new URLSearchParams(FORM).toString(),
    headers: { 'Content-Type': 'application/x-www-form-urlencoded', Origin: TEST_URL },
  });
  expect((await shop.web.fetch(other, '192.0.2.2')).status).toBe(303);
  shop.clock.pass(60_000);
  expect((await shop.post('/resend', FORM)).status).toBe(303);
});

test('a fault of ours is a page with a code, and no secret reaches the log', async () => {
  shop = await openWeb();
  await shop.db.close();
  const secret = 's'.repeat(32);
  const response = await shop.get(`/o/${secret}?key=admin-key-for-tests`);
  expect(response.status).toBe(500);
  expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
  const html = await response.text();
  expect(html).toContain('internal');
  const log = shop.logged.join('\n');
  expect(log).toContain('/o/:secret');
  expect(log).not.toContain(secret);
  expect(log).not.toContain('admin-key');
  // The page must not tell what broke.
  expect(html).not.toContain('at ');
});

test('no module registers a POST but through the routes that carry limit, size and Origin check', async () => {
  const found = [];
  for await (const path of new Bun.Glob('**/*.{ts,tsx}').scan({ cwd: import.meta.dir })) {
    if (path === 'router.ts' || /\.test\.tsx?$/.test(path)) continue;
    const text = await Bun.file(join(import.meta.dir, path)).text();
    if (/\bapp\.(post|put|patch|delete|all|on)\(|\.route\(/.test(text)) found.push(path);
  }
  expect(found).toEqual([]);
});
