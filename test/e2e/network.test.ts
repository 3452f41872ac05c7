/**
 * Broken networks and a killed server, between real pages and the real program. After each fault and
 * without a reload, nothing is lost or repeated, and all pages have the same state.
 */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'bun:test';
import type { Browser, Page } from 'puppeteer-core';
import { type LogRecord, RecordKind } from '../../sdk/protocol/record.ts';
import { launch, visitor } from './support/browser.ts';
import { Proxy } from './support/proxy.ts';
import { startServer, temporaryFolder, type ServerProcess } from './support/server.ts';
import {
  buy,
  enter,
  linkFromMail,
  live,
  POLLED,
  readLog,
  seen,
  turnDrums,
  settled,
  step,
} from './support/player-steps.ts';

const TEST_MS = 180_000;
const START_MS = 60_000;

let folder: { path: string; remove(): Promise<void> };
let browser: Browser;
let proxy: Proxy;
let server: ServerProcess;
const target = { port: 0 };

beforeAll(async () => {
  folder = await temporaryFolder('network');
  proxy = await Proxy.start(target);
  browser = await launch('chromium');
  await start();
}, START_MS);
afterAll(async () => {
  await browser.close();
  await server.stop();
  await proxy.stop();
  await folder.remove();
}, START_MS);

async function start(): Promise<void> {
  const url = `http://127.0.0.1:${proxy.port}`;
  server = await startServer({ port: target.port, url, dataDir: folder.path });
  target.port = server.port;
}

let ada: Page;
let ben: Page;
let link: string;
let teams = 0;
/** Moves sent by the present test. */
let sent = 0;

beforeEach(async () => {
  sent = 0;
  const [first, second] = [await visitor(browser), await visitor(browser)];
  [ada, ben] = [first.page, second.page];
  const email = `ada-${++teams}@players.example`;
  await buy(ada, server.addresses.shop, email);
  link = await linkFromMail(ada, server.addresses.outbox, email);
  await enter(ada, link, 'Ada');
  await enter(ben, link, 'Ben');
}, START_MS);
afterEach(async () => {
  proxy.heal();
  await ada.browserContext().close();
  await ben.browserContext().close();
});

/** Sends without waiting for the echo. */
async function move(page: Page, count = 1): Promise<void> {
  await turnDrums(page, count);
  sent += count;
}

function movesIn(log: readonly LogRecord[]): number {
  return log.filter(({ kind }) => kind === RecordKind.move).length;
}

/** After a reload the page sends stored moves only some time after it is live: wait for them. */
async function wholeLog(page: Page): Promise<readonly LogRecord[]> {
  for (let tries = 0; tries < 30; tries++) {
    const log = await readLog(page);
    if (movesIn(log) >= sent) return log;
    await Bun.sleep(1_000);
  }
  return readLog(page);
}

/** Expects that everything sent is in the log once, and all pages have the same state. */
async function expectWhole(pages: readonly Page[]): Promise<void> {
  for (const page of pages) {
    await live(page, 90_000);
    await page.waitForFunction(() => globalThis.escapement.unsent() === 0, { ...POLLED, timeout: 60_000 });
  }
  const log = await wholeLog(pages[0] as Page);
  const hashes = await settled(pages);
  expect(new Set(hashes).size).toBe(1);
  expect(log.map(({ seq }) => seq)).toEqual(log.map((_, index) => index + 1));
  const written = log.filter(({ clientSeq }) => clientSeq > 0);
  const ids = written.map(({ client, clientSeq }) => `${client}/${clientSeq}`);
  expect(new Set(ids).size).toBe(ids.length);
  expect(movesIn(log)).toBe(sent);
}

test(
  'after a network stopped forwarding silently, nothing is lost or repeated',
  async () => {
    expect(await step(ada)).toBe(true);
    sent++;
    proxy.stall();
    const before = proxy.bytes;
    await move(ada, 2);
    await move(ben, 2);
    expect((await seen(ada)).unsent).toBe(2);
    await Promise.all(
      [ada, ben].map((page) => page.waitForFunction(offline, { ...POLLED, timeout: 90_000 })),
    );
    expect(proxy.bytes).toBe(before);
    proxy.heal();
    await expectWhole([ada, ben]);
  },
  TEST_MS,
);

test(
  'after a network reset every connection, nothing is lost or repeated',
  async () => {
    proxy.refuse();
    const before = proxy.bytes;
    await Promise.all(
      [ada, ben].map((page) => page.waitForFunction(offline, { ...POLLED, timeout: 30_000 })),
    );
    await move(ada, 2);
    await move(ben, 2);
    expect(proxy.bytes).toBe(before);
    proxy.heal();
    await expectWhole([ada, ben]);
  },
  TEST_MS,
);

test(
  'a page reloaded with three unsent moves sends them after the reload',
  async () => {
    proxy.stall();
    await move(ada, 3);
    expect((await seen(ada)).unsent).toBe(3);
    proxy.heal();
    await ada.reload();
    await expectWhole([ada]);
    await ben.reload();
    await expectWhole([ada, ben]);
  },
  TEST_MS,
);

test(
  'a duplicated tab plays the same seat, and neither tab repeats the other',
  async () => {
    const twin = await ada.browserContext().newPage();
    await twin.goto(ada.url());
    await live(twin);
    await move(ada, 3);
    await move(twin, 3);
    await expectWhole([ada, twin, ben]);
    const seats = await Promise.all(
      [ada, twin].map((page) => page.evaluate(() => globalThis.escapement.seat())),
    );
    expect(seats[0]).toBe(seats[1] as number);
  },
  TEST_MS,
);

test(
  'a server killed in the middle of moves comes back with everything it had shown',
  async () => {
    expect(await step(ada)).toBe(true);
    sent++;
    await move(ada, 5);
    await move(ben, 5);
    await server.kill();
    await move(ben, 2);
    await start();
    await expectWhole([ada, ben]);
  },
  TEST_MS,
);

function offline(): boolean {
  return globalThis.escapement.status() === 'offline';
}
