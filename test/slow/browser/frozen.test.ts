/**
 * A tab that the browser froze while its player was elsewhere: takes real minutes, so it runs beside the
 * other tests.
 */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { Browser } from 'puppeteer-core';
import { launch, visitor } from '../../e2e/support/browser.ts';
import { startServer, temporaryFolder, type ServerProcess } from '../../e2e/support/server.ts';
import {
  buy,
  enter,
  linkFromMail,
  live,
  POLLED,
  seen,
  turnDrums,
  settled,
} from '../../e2e/support/player-steps.ts';

const FROZEN_MS = 5 * 60_000;
const START_MS = 120_000;

let folder: { path: string; remove(): Promise<void> };
let server: ServerProcess;
let browser: Browser;

beforeAll(async () => {
  folder = await temporaryFolder('frozen');
  server = await startServer({ port: 0, url: '', dataDir: folder.path });
  browser = await launch('chromium');
}, START_MS);
afterAll(async () => {
  await browser.close();
  await server.stop();
  await folder.remove();
}, START_MS);

test(
  'a tab frozen for five minutes receives everything its mates did, and plays on',
  async () => {
    const ada = await visitor(browser);
    const ben = await visitor(browser);
    await buy(ada.page, server.addresses.shop, 'ada@players.example');
    const link = await linkFromMail(ada.page, server.addresses.outbox, 'ada@players.example');
    await enter(ada.page, link, 'Ada');
    await enter(ben.page, link, 'Ben');
    const devtools = await ben.page.createCDPSession();
    await devtools.send('Page.setWebLifecycleState', { state: 'frozen' });
    const before = (await seen(ada.page)).seq;
    await turnDrums(ada.page, 20);
    await ada.page.waitForFunction((seq) => globalThis.escapement.position().seq >= seq + 20, POLLED, before);
    await Bun.sleep(FROZEN_MS);
    await devtools.send('Page.setWebLifecycleState', { state: 'active' });
    await live(ben.page, 60_000);
    await turnDrums(ben.page, 1);
    await ben.page.waitForFunction(() => globalThis.escapement.unsent() === 0, POLLED);
    const [first, second] = await settled([ada.page, ben.page]);
    expect(second).toBe(first as string);
    expect(ben.errors).toEqual([]);
  },
  FROZEN_MS + START_MS,
);
