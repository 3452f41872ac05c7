/** The whole path of a team in real browsers, against the program as users start it. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { Browser } from 'puppeteer-core';
import { follow, launch, visitor } from './support/browser.ts';
import { startServer, temporaryFolder, type ServerProcess } from './support/server.ts';
import { buy, enter, finished, linkFromMail, live, play, POLLED, settled } from './support/player-steps.ts';

const TEST_MS = 120_000;

let folder: { path: string; remove(): Promise<void> };
let server: ServerProcess;
let browser: Browser;

beforeAll(async () => {
  folder = await temporaryFolder('journey');
  server = await startServer({ port: 0, url: '', dataDir: folder.path });
  browser = await launch('chromium');
}, TEST_MS);
afterAll(async () => {
  await browser.close();
  await server.stop();
  await folder.remove();
}, TEST_MS);

test(
  'two friends buy, read the mail, enter, play to the end and see their result',
  async () => {
    const ada = await visitor(browser);
    await buy(ada.page, server.addresses.shop, 'ada@players.example');
    const link = await linkFromMail(ada.page, server.addresses.outbox, 'ada@players.example');
    await enter(ada.page, link, 'Ada');
    const ben = await visitor(browser, 390, 844);
    await enter(ben.page, link, 'Ben');
    const pages = [ada.page, ben.page];
    await play(pages);
    const [first, second] = await settled(pages);
    expect(first).toBe(second as string);
    expect(await finished(ben.page)).toBe(true);
    await follow(ada.page, 'a[href^="/e/"]');
    await ada.page.waitForFunction(() => /compare with/.test(document.body.innerText), POLLED);
    await ada.page.reload();
    expect(await ada.page.$eval('body', (body) => body.innerText)).toContain('You made it');
    expect([...ada.errors, ...ben.errors]).toEqual([]);
  },
  TEST_MS,
);

test(
  'a replaced link disconnects all players in the room, and the new one leads back to the same seat',
  async () => {
    const ada = await visitor(browser);
    await buy(ada.page, server.addresses.shop, 'again@players.example');
    const order = ada.page.url();
    const link = await linkFromMail(ada.page, server.addresses.outbox, 'again@players.example');
    const ben = await visitor(browser);
    await enter(ben.page, link, 'Ben');
    await ada.page.goto(order);
    await follow(ada.page, 'form[action$="/replace"] button');
    await ben.page.waitForFunction(() => globalThis.escapement.status() === 'stopped', POLLED);
    expect(await ben.page.evaluate(() => globalThis.escapement.stopCode())).toBe('4403');
    expect((await ben.page.goto(link))?.status()).toBe(404);
    const renewed = await ada.page.$eval('main', (main) => /\/join\/[\w-]+/.exec(main.innerHTML)?.[0] ?? '');
    await ben.page.goto(new URL(renewed, link).href);
    await follow(ben.page, 'button[formaction$="/enter"]');
    await live(ben.page);
    expect(await ben.page.evaluate(() => globalThis.escapement.seat())).toBe(1);
  },
  TEST_MS,
);

test(
  'the end page opens without stats, says that it is comparing, and fills in once stats is back',
  async () => {
    await server.stop();
    const services = ['web', 'game', 'archiver', 'mailer'];
    server = await startServer({ port: server.port, url: '', dataDir: folder.path, flags: services });
    const eve = await visitor(browser);
    await eve.page.goto(server.addresses.shop);
    await follow(eve.page, 'form[action$="/free"] button');
    await enter(eve.page, eve.page.url(), 'Eve');
    await play([eve.page]);
    await follow(eve.page, 'a[href^="/e/"]');
    const text = (): Promise<string> => eve.page.$eval('main', (main) => main.innerText);
    expect(await text()).toMatch(/comparing/i);
    await eve.page.reload();
    expect(await text()).toMatch(/comparing/i);
    await server.stop();
    server = await startServer({ port: server.port, url: '', dataDir: folder.path });
    await eve.page.waitForFunction(() => /compare with/.test(document.body.innerText), {
      ...POLLED,
      timeout: 60_000,
    });
  },
  TEST_MS,
);
