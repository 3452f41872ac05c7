/** The free game in Firefox ESR, played alone to the end. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { Browser } from 'puppeteer-core';
import { follow, launch, visitor } from './support/browser.ts';
import { startServer, temporaryFolder, type ServerProcess } from './support/server.ts';
import { enter, finished, play } from './support/player-steps.ts';

const TEST_MS = 180_000;

let folder: { path: string; remove(): Promise<void> };
let server: ServerProcess;
let browser: Browser;

beforeAll(async () => {
  folder = await temporaryFolder('firefox');
  server = await startServer({ port: 0, url: '', dataDir: folder.path });
  browser = await launch('firefox');
}, TEST_MS);
afterAll(async () => {
  await browser.close();
  await server.stop();
  await folder.remove();
}, TEST_MS);

test(
  'a visitor plays the free game alone to the end in Firefox',
  async () => {
    const { page, errors } = await visitor(browser);
    await page.goto(server.addresses.shop);
    await follow(page, 'form[action$="/free"] button');
    await enter(page, page.url(), 'Fay');
    await play([page]);
    expect(await finished(page)).toBe(true);
    expect(errors).toEqual([]);
  },
  TEST_MS,
);
