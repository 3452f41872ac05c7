/**
 * `npm run bench:client`: what a player on a slow phone gets, in Chromium with the phone profile
 * (1.6 Mbit/s down, 750 kbit/s up, 150 ms round trip, CPU ÷ 4). `--runs 5 --json FILE`. Exit code 1
 * if a line is not reached. Browser and server run on this machine, which should do nothing else meanwhile.
 */
import { parseArgs } from 'node:util';
import type { Browser, CDPSession, Page } from 'puppeteer-core';
import { follow, launch, visitor } from '../test/e2e/support/browser.ts';
import { startServer, temporaryFolder, type ServerProcess } from '../test/e2e/support/server.ts';
import { enter, live, POLLED } from '../test/e2e/support/player-steps.ts';
import { freeLink } from './lib/free-link.ts';
import { printLines, type Line, lineOfRuns } from './lib/verdict.ts';

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '5' }, json: { type: 'string' } },
});
const PHONE = {
  offline: false,
  latency: 150,
  downloadThroughput: (1.6 * 1_000_000) / 8,
  uploadThroughput: 750_000 / 8,
};
/** How many times slower than this machine's CPU. */
const CPU_SLOWER = 4;
/** Relative to the front page: the front page itself, a game, its checkout. */
const SHOP_PAGES = ['', 'games/dormouse-hour', 'games/dormouse-hour/buy'];
/** Time after the load event by which a page has painted everything. */
const PAINTED_MS = 500;

const folder = await temporaryFolder('bench-client');
const server = await startServer({
  port: 0,
  url: '',
  dataDir: folder.path,
  env: { ESCAPEMENT_FREE_ROOMS_PER_HOUR: '1000' },
});
const browser = await launch('chromium');
try {
  const runs = Number(values.runs);
  const figures = {
    shopLcpMs: await repeat(runs, () => slowestShopPage(browser, server)),
    enterToEchoMs: await repeat(runs, () => enterToEcho(browser, server)),
    backToLiveMs: await repeat(runs, () => backToLive(browser, server)),
    scriptBytes: [await scriptBytes(browser, server)],
  };
  const lines: readonly Line[] = [
    lineOfRuns(
      { name: 'slowest shop page, largest paint without script', unit: 'ms', max: 1_500 },
      figures.shopLcpMs,
    ),
    lineOfRuns({ name: 'Enter → own first move echoed', unit: 'ms', max: 2_000 }, figures.enterToEchoMs),
    lineOfRuns({ name: 'network back → live', unit: 'ms', max: 1_000 }, figures.backToLiveMs),
    lineOfRuns(
      { name: 'script of the play page, compressed', unit: 'bytes', max: 80 * 1_024 },
      figures.scriptBytes,
    ),
  ];
  process.exitCode = printLines(lines) ? 0 : 1;
  if (values.json) await Bun.write(values.json, JSON.stringify({ figures, lines }, null, 1));
} finally {
  await browser.close();
  await server.stop();
  await folder.remove();
}

async function repeat(times: number, once: () => Promise<number>): Promise<number[]> {
  const found: number[] = [];
  for (let time = 0; time < times; time++) found.push(await once());
  return found;
}

async function phone(
  chromium: Browser,
): Promise<{ page: Page; devtools: CDPSession; close(): Promise<void> }> {
  const { page, context } = await visitor(chromium, 390, 844);
  const devtools = await page.createCDPSession();
  await devtools.send('Network.enable');
  await devtools.send('Network.emulateNetworkConditions', PHONE);
  await devtools.send('Emulation.setCPUThrottlingRate', { rate: CPU_SLOWER });
  return { page, devtools, close: () => context.close() };
}

async function slowestShopPage(chromium: Browser, { addresses }: ServerProcess): Promise<number> {
  const times: number[] = [];
  for (const path of SHOP_PAGES) {
    times.push(await largestPaint(chromium, addresses.shop + path));
    console.error(`  /${path}: largest paint after ${times.at(-1)} ms`);
  }
  return Math.max(...times);
}

/** With scripts disabled and empty caches. */
async function largestPaint(chromium: Browser, url: string): Promise<number> {
  const { page, close } = await phone(chromium);
  await page.setJavaScriptEnabled(false);
  const response = await page.goto(url, { waitUntil: 'load' });
  if (response?.status() !== 200) throw new Error(`${url} was answered with ${response?.status()}`);
  await Bun.sleep(PAINTED_MS);
  // With scripts disabled an observer is never called, but its records can be taken.
  const ms = await page.evaluate(() => {
    const observer = new PerformanceObserver(() => {});
    observer.observe({ type: 'largest-contentful-paint', buffered: true });
    return observer.takeRecords().at(-1)?.startTime;
  });
  await close();
  if (ms === undefined) throw new Error(`${url} was not painted`);
  return ms;
}

/** From pressing Enter in the lobby to the echo of the first move, sent as soon as the page is live; ms. */
async function enterToEcho(chromium: Browser, { addresses }: ServerProcess): Promise<number> {
  const { page, close } = await phone(chromium);
  await page.goto(await freeLink(addresses.shop));
  await page.type('input[name=name]', 'Ada');
  const began = performance.now();
  await follow(page, 'button[formaction$="/enter"]');
  // In one function that runs in the page, so that round trips of the driver are not counted.
  await page.waitForFunction(
    () => {
      const session = globalThis.escapement;
      if (session?.status() !== 'live') return false;
      if (session.notes().length === 0 && session.unsent() === 0) session.sendNote('first', 'hello');
      return session.notes().length > 0;
    },
    { polling: 5 },
  );
  const ms = performance.now() - began;
  await close();
  return ms;
}

async function backToLive(chromium: Browser, { addresses }: ServerProcess): Promise<number> {
  const { page, devtools, close } = await phone(chromium);
  await enter(page, await freeLink(addresses.shop), 'Ada');
  await devtools.send('Network.emulateNetworkConditions', { ...PHONE, offline: true });
  await page.waitForFunction(() => globalThis.escapement.status() === 'offline', {
    ...POLLED,
    timeout: 120_000,
  });
  const began = performance.now();
  await devtools.send('Network.emulateNetworkConditions', PHONE);
  await live(page, 60_000);
  const ms = performance.now() - began;
  await close();
  return ms;
}

/** Bytes of scripts over the network, without headers. */
async function scriptBytes(chromium: Browser, { addresses }: ServerProcess): Promise<number> {
  const { page, devtools, close } = await phone(chromium);
  const scripts = new Set<string>();
  let bytes = 0;
  devtools.on('Network.responseReceived', ({ requestId, type }) => {
    if (type === 'Script') scripts.add(requestId);
  });
  devtools.on('Network.dataReceived', ({ requestId, encodedDataLength }) => {
    if (scripts.has(requestId)) bytes += encodedDataLength;
  });
  await page.goto(await freeLink(addresses.shop));
  bytes = 0;
  await enter(page, page.url(), 'Ada');
  await close();
  return bytes;
}
