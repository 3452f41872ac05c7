/** What every POST is checked for: origin, type, size and rate. */
import { afterEach, expect, test } from 'bun:test';
import { join } from 'node:path';
import { openWeb, TEST_URL, type WebFixture } from '../../../../test/support/in-process/web-fixture.ts';

let shop: WebFixture;
afterEach(() => shop.stop());

/** The web service's sources. */
const FOLDER = join(import.meta.dir, '..');
const FORM = { email: 'ada@example.org' };

test('a form from another site, or without an origin, is refused and changes nothing', async () => {
  shop = await openWeb();
  for (const headers of [
    { Origin: 'https://evil.example' },
    { Origin: 'null' },
    { Origin: TEST_URL, 'Sec-Fetch-Site': 'cross-site' },
    { Origin: TEST_URL, 'Sec-Fetch-Site': 'same-site' },
    { Origin: `${TEST_URL}.evil.example` },
  ]) {
    const response = await shop.postForm('/resend', FORM, headers);
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

test('a page opened under another name of this machine is still our own', async () => {
  shop = await openWeb();
  const headers = { Origin: 'http://192.168.1.5:8080', Host: '192.168.1.5:8080' };
  expect((await shop.postForm('/resend', FORM, headers)).status).toBe(303);
});

test('a body that is too long, or of another type, is refused before it is read to its end', async () => {
  shop = await openWeb();
  const long = await shop.postForm('/resend', { email: 'a'.repeat(20_000) });
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
  const kind = await shop.postForm('/resend', FORM, { 'Content-Type': 'text/plain' });
  expect(kind.status).toBe(415);
});

test('a visitor who posts too often has to wait, and others do not', async () => {
  shop = await openWeb();
  const statuses = [];
  for (let n = 0; n < 7; n += 1) statuses.push((await shop.postForm('/resend', FORM)).status);
  expect(statuses).toEqual([303, 303, 303, 303, 303, 429, 429]);
  const refused = await shop.postForm('/resend', FORM);
  expect(refused.headers.get('retry-after')).toBe('60');
  const other = new Request(`${TEST_URL}/resend`, {
    method: 'POST',
    body: new URLSearchParams(FORM).toString(),
    headers: { 'Content-Type': 'application/x-www-form-urlencoded', Origin: TEST_URL },
  });
  expect((await shop.web.fetch(other, '192.0.2.2')).status).toBe(303);
  shop.world.advance(60_000);
  expect((await shop.postForm('/resend', FORM)).status).toBe(303);
});

test('an internal error is a page with a code, and no secret reaches the log', async () => {
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
  // The page must not contain the stack trace.
  expect(html).not.toContain('at ');
});

test('every module registers its POSTs through `Routes`, which check limit, size and Origin', async () => {
  const found = [];
  for await (const path of new Bun.Glob('**/*.{ts,tsx}').scan({ cwd: FOLDER })) {
    if (path === 'http/router.ts' || /\.test\.tsx?$/.test(path)) continue;
    const text = await Bun.file(join(FOLDER, path)).text();
    if (/\bapp\.(post|put|patch|delete|all|on)\(|\.route\(/.test(text)) found.push(path);
  }
  expect(found).toEqual([]);
});
