/** Rules for every page: headers, languages, the studio's settings, and that a GET changes nothing (I8). */
import { afterEach, expect, test } from 'bun:test';
import {
  openWeb,
  sampleRelease,
  type FixtureOptions,
  type WebFixture,
} from '../../../../test/support/in-process/web-fixture.ts';
import { orderSecret } from '../../../domain/secret.ts';
import { outboxSender } from '../../../ports/mail/mail.outbox.ts';

let shop: WebFixture;
afterEach(() => shop.stop());

const PLAIN_PAGES = [
  '/',
  '/games/sample-hour',
  '/games/sample-hour/buy',
  '/resend',
  '/resend/sent',
  '/legal/imprint',
  '/legal/privacy',
  '/legal/terms',
  '/nowhere',
  '/games/none',
  '/o/none',
];
const KEY = 'key=admin-key-for-tests';

/** Opens a shop with a paid, a declined and an open order; returns the paths of all its pages. */
async function openWithOrders(options: FixtureOptions = {}): Promise<string[]> {
  shop = await openWeb(options);
  const form = { email: 'ada@example.org', again: 'ada@example.org', terms: 'yes', immediate: 'yes' };
  const checkouts: string[] = [];
  for (const action of ['pay', 'decline', null]) {
    const response = await shop.postForm('/games/sample-hour/buy', form);
    const checkout = new URL(response.headers.get('location') ?? '').pathname;
    checkouts.push(checkout);
    if (action !== null) await shop.postForm(checkout, { action, webhook: 'first' });
  }
  const orders = await shop.db.read.selectFrom('orders').select('id').execute();
  const secrets = orders.map(({ id }) => orderSecret(id, shop.deps.keys.seal));
  return [
    ...PLAIN_PAGES,
    ...checkouts,
    ...secrets.map((secret) => `/o/${secret}`),
    ...['/admin', '/admin/status', '/admin/outbox'].map((path) => `${path}?${KEY}`),
  ];
}

test('every page has the security policy and no inline script or style', async () => {
  for (const path of await openWithOrders()) {
    const response = await shop.get(path);
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy, path).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy, path).not.toContain('unsafe');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('referrer-policy')).toBe('same-origin');
    expect(response.headers.get('cross-origin-opener-policy')).toBe('same-origin');
    const html = await response.text();
    expect(html, path).not.toMatch(/<style|\sstyle=|\son[a-z]+=|<script(?![^>]*(src=|application\/json))/);
    expect(html, path).toStartWith('<!doctype html>');
  }
});

test('a GET or HEAD of any page, any number of times, changes nothing', async () => {
  const pages = await openWithOrders();
  const rows = async () => [
    await shop.counts(),
    await shop.db.read.selectFrom('orders').selectAll().orderBy('id').execute(),
    await shop.db.read.selectFrom('entitlements').selectAll().execute(),
  ];
  const before = await rows();
  for (const path of pages) {
    await shop.get(path);
    await shop.web.fetch(new Request(shop.deps.url + path, { method: 'HEAD' }), '192.0.2.1');
    const returned = path.replace('/o/', '/checkout/return/');
    if (returned !== path) await shop.get(returned);
  }
  expect(await rows()).toEqual(before);
});

test("the studio's settings are used on every page", async () => {
  const studio = {
    name: 'Tick & <Tock>',
    support: { email: 'hello@tock.example', hours: 'never' },
    colours: { accent: '#112233', ink: '#000000', paper: '#ffffff' },
  };
  for (const path of await openWithOrders({ studio })) {
    const whole = await (await shop.get(path)).text();
    // Without the legal texts, which are files of the studio.
    const html = whole.replace(/<article class="narrow prose">.*<\/article>/s, '');
    expect(html, path).toContain('Tick &amp; &lt;Tock&gt;');
    expect(html, path).toContain('hello@tock.example');
    expect(html, path).not.toContain('Pawl');
  }
  expect(await (await shop.get('/studio.css')).text()).toContain('--accent:#112233');
});

test('the language follows the browser, a choice is kept, and the address can override both', async () => {
  shop = await openWeb();
  const german = { 'Accept-Language': 'de-AT,en;q=0.5' };
  expect(await (await shop.get('/', german)).text()).toContain('<html lang="de">');
  expect(await (await shop.get('/', { 'Accept-Language': 'fr' })).text()).toContain('<html lang="en">');
  const choice = await shop.postForm('/language', { lang: 'de', back: '/legal/terms' });
  expect(choice.headers.get('location')).toBe('/legal/terms');
  const cookie = choice.headers.get('set-cookie')?.split(';')[0] ?? '';
  const chosen = await (await shop.get('/legal/terms', { Cookie: cookie })).text();
  expect(chosen).toContain('Widerrufsrecht');
  expect(await (await shop.get('/?lang=en', { Cookie: cookie })).text()).toContain('<html lang="en">');
});

for (const url of ['http://shop.test', 'https://shop.test']) {
  test(`the cookies of ${url} are HttpOnly and SameSite=Lax, and Secure if the site has https`, async () => {
    shop = await openWeb({ url });
    const secure = url.startsWith('https:') ? '; Secure' : '';
    const attributes = (seconds: number) => `Max-Age=${seconds}; Path=/; HttpOnly${secure}; SameSite=Lax`;
    const choice = await shop.postForm('/language', { lang: 'de', back: '/' });
    expect(choice.headers.getSetCookie()).toEqual([`lang=de; ${attributes(31_536_000)}`]);
    const team = (await shop.postForm('/games/sample-hour/free', {})).headers.get('location') ?? '';
    const [device = ''] = (await shop.postForm(`${team}/enter`, {})).headers.getSetCookie();
    expect(device).toEndWith(`; ${attributes(34_560_000)}`);
    const [, watch = ''] = (await shop.postForm(`${team}/watch`, {})).headers.getSetCookie();
    expect(watch).toMatch(/^watch=[\w.-]+;/);
    expect(watch).toEndWith(`; ${attributes(43_200)}`);
  });
}

test('the choice of a language redirects to our own pages only', async () => {
  shop = await openWeb();
  for (const back of ['//evil.example', '/\\evil.example', 'https://evil.example', '/a b', '']) {
    expect((await shop.postForm('/language', { lang: 'de', back })).headers.get('location')).toBe('/');
  }
  expect((await shop.postForm('/language', { lang: 'xx', back: '/' })).status).toBe(400);
});

test("a game's texts are shown as text, never as markup", async () => {
  const evil = '<img src=x onerror=alert(1)>"\'';
  const texts = { title: evil, tagline: evil, description: evil, accessibility: evil };
  shop = await openWeb({ releases: [sampleRelease({ texts: { en: texts } })] });
  for (const path of ['/', '/games/sample-hour', '/games/sample-hour/buy']) {
    const html = await (await shop.get(path)).text();
    expect(html).toContain('&lt;img src=x');
    expect(html).not.toContain('<img src=x');
  }
  const form = { email: '"><b>@x', again: '', terms: '', immediate: '' };
  const faulty = await (await shop.postForm('/games/sample-hour/buy', form)).text();
  expect(faulty).toContain('value="&quot;&gt;&lt;b&gt;@x"');
});

test('the free game gives each visitor an entitlement, up to a number per hour', async () => {
  shop = await openWeb({ freeRoomsPerHour: 2 });
  const links = [];
  for (let n = 0; n < 2; n += 1) {
    const response = await shop.postForm('/games/sample-hour/free', {});
    expect(response.status).toBe(303);
    links.push(response.headers.get('location'));
  }
  expect(links[0]).toMatch(/^\/join\/[A-Za-z0-9_-]{32}$/);
  expect(links[0]).not.toBe(links[1] ?? null);
  const refused = await shop.postForm('/games/sample-hour/free', {});
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(60);
  expect(await refused.text()).toContain('free-limit');
  expect(await shop.counts()).toMatchObject({ entitlements: 2 });
  shop.world.advance(1_800_000);
  expect((await shop.postForm('/games/sample-hour/free', {})).status).toBe(303);
});

test('on a nearly full disk there are no new free rooms, and tickets are still sold', async () => {
  shop = await openWeb({ spaceForFreeRooms: async () => false });
  const refused = await shop.postForm('/games/sample-hour/free', {});
  expect(refused.status).toBe(503);
  expect(await refused.text()).toContain('free-full');
  expect(await shop.counts()).toMatchObject({ entitlements: 0 });
  expect((await shop.get('/games/sample-hour/buy')).status).toBe(200);
});

test('a game that is not free, or does not exist, cannot be played for free', async () => {
  shop = await openWeb({ releases: [sampleRelease({ free: false })] });
  expect((await shop.postForm('/games/sample-hour/free', {})).status).toBe(404);
  expect((await shop.postForm('/games/none/free', {})).status).toBe(404);
  expect(await (await shop.get('/')).text()).not.toContain('/free"');
  expect(await shop.counts()).toMatchObject({ entitlements: 0 });
});

test('the studio’s pages open with the key and are not found without it', async () => {
  shop = await openWeb();
  for (const path of ['/admin', '/admin/outbox', '/admin/status', '/admin/outbox/mail-1/html']) {
    for (const query of ['', '?key=', '?key=wrong', '?key=admin-key-for-test']) {
      const response = await shop.get(path + query);
      expect(response.status).toBe(404);
      expect(await response.text()).toContain('There is no door here');
    }
  }
  const response = await shop.get(`/admin?${KEY}`);
  expect(response.status).toBe(200);
  expect(response.headers.get('cache-control')).toContain('no-store');
});

test('health is about the process, readiness about its parts', async () => {
  let fault: string | null = null;
  shop = await openWeb({ health: () => ({ mailer: fault }) });
  expect((await shop.get('/health')).status).toBe(200);
  expect((await shop.get('/ready')).status).toBe(200);
  fault = 'no connection to the mail server';
  const unready = await shop.get('/ready');
  expect(unready.status).toBe(503);
  expect(await unready.json()).toEqual({ ready: false, faults: { mailer: fault } });
  expect((await shop.get('/health')).status).toBe(200);
});

test('the studio can read mails of the outbox, and a mail can run no script', async () => {
  shop = await openWeb();
  const sender = outboxSender(shop.outboxDir, shop.deps.world.clock);
  await sender.send({
    messageId: '<mail-1@shop.test>',
    from: 'Studio <s@shop.test>',
    to: 'ada@example.org',
    subject: 'Your <b>ticket</b>',
    text: 'Play: http://shop.test/join/x <script>',
    html: '<p>Hello<script>alert(1)</script></p>',
  });
  const list = await (await shop.get(`/admin/outbox?${KEY}`)).text();
  const [, id = ''] = /\/admin\/outbox\/([a-z0-9-]+)\?/.exec(list) ?? [];
  const page = await (await shop.get(`/admin/outbox/${id}?${KEY}`)).text();
  expect(page).toContain('Your &lt;b&gt;ticket');
  expect(page).toContain('<a href="http://shop.test/join/x">');
  expect(page).not.toContain('<script>');
  const mail = await shop.get(`/admin/outbox/${id}/html?${KEY}`);
  expect(await mail.text()).toContain('<p>Hello');
  const policy = mail.headers.get('content-security-policy') ?? '';
  expect(policy).toContain('sandbox');
  expect(policy).not.toContain('allow-scripts');
  expect((await shop.get(`/admin/outbox/..%2fkeys?${KEY}`)).status).toBe(404);
});
