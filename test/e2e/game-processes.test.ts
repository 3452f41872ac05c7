/**
 * Rooms in processes of their own, as a browser sees them: sockets use another port than pages, and actions
 * on a page reach the room.
 */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { Browser } from 'puppeteer-core';
import { gameProcesses, startWithProcesses } from '../support/processes/game-processes.ts';
import { follow, launch, visitor } from './support/browser.ts';
import { type ServerProcess, temporaryFolder } from './support/server.ts';
import { buy, enter, linkFromMail, live, play, POLLED, settled } from './support/player-steps.ts';

const TEST_MS = 120_000;

let folder: { path: string; remove(): Promise<void> };
let server: ServerProcess;
let browser: Browser;

beforeAll(async () => {
  folder = await temporaryFolder('processes');
  server = await startWithProcesses(folder.path, 2);
  browser = await launch('chromium');
}, TEST_MS);
afterAll(async () => {
  await browser.close();
  await server.stop();
  await folder.remove();
}, TEST_MS);

test(
  'the device check, the play and a replaced link reach the process that has the room',
  async () => {
    const ada = await visitor(browser);
    await buy(ada.page, server.addresses.shop, 'ada@players.example');
    const order = ada.page.url();
    const link = await linkFromMail(ada.page, server.addresses.outbox, 'ada@players.example');
    const ben = await visitor(browser);
    await ben.page.goto(link);
    await ben.page.waitForSelector('[data-check=socket][data-state=good]');
    await enter(ben.page, link, 'Ben');
    await live(ben.page);
    await ada.page.goto(order);
    await follow(ada.page, 'form[action$="/replace"] button');
    await ben.page.waitForFunction(() => globalThis.escapement.status() === 'stopped', POLLED);
    expect(await ben.page.evaluate(() => globalThis.escapement.stopCode())).toBe('4403');
    expect([...ada.errors, ...ben.errors]).toEqual([]);
  },
  TEST_MS,
);

test(
  'players whose process is killed reconnect without a reload and play to the end',
  async () => {
    const ada = await visitor(browser);
    await ada.page.goto(server.addresses.shop);
    await follow(ada.page, 'form[action$="/free"] button');
    const lobby = ada.page.url();
    await enter(ada.page, lobby, 'Ada');
    const ben = await visitor(browser);
    await enter(ben.page, lobby, 'Ben');
    const pages = [ada.page, ben.page];
    for (const page of pages) await live(page);
    const before = await ada.page.evaluate(() => globalThis.escapement.position().epoch);
    for (const pid of Object.values(gameProcesses(server.pid))) process.kill(pid, 'SIGKILL');
    for (const page of pages) {
      // Only a restarted process opens another epoch.
      const again = (epoch: number) => globalThis.escapement.position().epoch > epoch;
      await page.waitForFunction(again, POLLED, before);
    }
    await play(pages);
    const [first, second] = await settled(pages);
    expect(first).toBe(second as string);
  },
  TEST_MS,
);
