/**
 * New releases of a game while teams play: their rooms continue under the rules they began with, in the
 * same state, and show corrections that do not change the rules.
 */
import { Database } from 'bun:sqlite';
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { join } from 'node:path';
import type { Browser, Page } from 'puppeteer-core';
import {
  type GameRelease,
  type GameReleases,
  gameReleases,
  PICTURE,
} from '../support/games/game-releases.ts';
import { follow, launch, visitor } from './support/browser.ts';
import { Proxy } from './support/proxy.ts';
import { type ServerProcess, startServer, temporaryFolder } from './support/server.ts';
import { enter, live, readLog, seen, step } from './support/player-steps.ts';

const TEST_MS = 120_000;
const GAME = 'dormouse-hour';
const FIRST: GameRelease = { rules: 'own', picture: 100, words: 'as first printed' };
const CHANGED: GameRelease = { rules: 'changed', picture: 200, words: 'with other rules' };
const CORRECTED: GameRelease = { rules: 'own', picture: 300, words: 'corrected' };

let folder: { path: string; remove(): Promise<void> };
let releases: GameReleases;
let proxy: Proxy;
let browser: Browser;
let server: ServerProcess;
const target = { port: 0 };

beforeAll(async () => {
  folder = await temporaryFolder('releases');
  releases = await gameReleases(folder.path, GAME);
  // Pages keep their address while the program is restarted on another port.
  proxy = await Proxy.start(target);
  browser = await launch('chromium');
}, TEST_MS);
afterAll(async () => {
  await browser.close();
  await server.stop();
  await proxy.stop();
  await folder.remove();
}, TEST_MS);

async function publish(release: GameRelease): Promise<void> {
  await releases.write(release);
  const url = `http://127.0.0.1:${proxy.port}`;
  const flags = ['--games-dir', releases.path];
  server = await startServer({ port: 0, url, dataDir: join(folder.path, 'data'), flags });
  target.port = server.port;
}

async function newRoom(): Promise<Page> {
  const { page } = await visitor(browser);
  await page.goto(server.addresses.shop);
  await follow(page, 'form[action$="/free"] button');
  await enter(page, page.url(), 'Ada');
  return page;
}

interface Shown {
  /** Rules hash of the release whose views this page has. */
  readonly rulesHash: string;
  /** Rules hash in the room's first entry. */
  readonly pinned: string;
  readonly picture: number;
  readonly words: string;
  readonly hatch: boolean;
}

async function shown(page: Page): Promise<Shown> {
  await page.waitForFunction(
    (picture) => (document.querySelector<HTMLImageElement>(picture)?.naturalWidth ?? 0) > 0,
    {},
    PICTURE,
  );
  const found = await page.evaluate((picture) => {
    const data = document.getElementById('play-data')?.textContent ?? '';
    const image = document.querySelector<HTMLImageElement>(picture);
    return {
      release: (JSON.parse(data) as { release: string }).release,
      picture: image?.naturalWidth ?? 0,
      words: image?.alt ?? '',
      hatch: globalThis.escapement.state()?.hatch ?? false,
    };
  }, PICTURE);
  const [open] = await readLog(page);
  const { rulesHash: pinned } = JSON.parse(new TextDecoder().decode(open?.body)) as { rulesHash: string };
  const { release, ...rest } = found;
  return { rulesHash: rulesOf(release), pinned, ...rest };
}

function rulesOf(release: string): string {
  const database = new Database(join(folder.path, 'data/main.sqlite'), { readonly: true });
  const row = database.query('select rules_hash from releases where id = ?').get(release);
  database.close();
  return (row as { rules_hash: string }).rules_hash;
}

/** Expects that a move changes the state, and that a reload does not. */
async function expectPlayable(page: Page): Promise<void> {
  const before = await seen(page);
  expect(await step(page)).toBe(true);
  const after = await seen(page);
  expect(after.hash).not.toBe(before.hash);
  await reload(page);
  expect((await seen(page)).hash).toBe(after.hash);
}

async function reload(page: Page): Promise<void> {
  await page.reload();
  await live(page);
}

test(
  'a room at play keeps its rules through new releases, and shows their corrections',
  async () => {
    await publish(FIRST);
    const old = await newRoom();
    await expectPlayable(old);
    const first = await shown(old);
    expect(first).toMatchObject({ picture: FIRST.picture, words: FIRST.words, hatch: false });
    expect(first.rulesHash).toBe(first.pinned);
    const before = await seen(old);

    await server.stop();
    await publish(CHANGED);
    // Both the open page and a reloaded one are where they were.
    await live(old);
    expect((await seen(old)).hash).toBe(before.hash);
    await reload(old);
    expect((await seen(old)).hash).toBe(before.hash);
    expect(await shown(old)).toEqual(first);
    await expectPlayable(old);
    const young = await newRoom();
    const changed = await shown(young);
    expect(changed).toMatchObject({ picture: CHANGED.picture, words: CHANGED.words, hatch: true });
    expect(changed.rulesHash).toBe(changed.pinned);
    expect(changed.pinned).not.toBe(first.pinned);
    await expectPlayable(young);
    const [oldState, youngState] = [await seen(old), await seen(young)];

    await server.stop();
    await publish(CORRECTED);
    for (const page of [old, young]) {
      await live(page);
      await reload(page);
    }
    expect((await seen(old)).hash).toBe(oldState.hash);
    expect(await shown(old)).toEqual({ ...first, picture: CORRECTED.picture, words: CORRECTED.words });
    await expectPlayable(old);
    expect((await seen(young)).hash).toBe(youngState.hash);
    expect(await shown(young)).toEqual(changed);
    await expectPlayable(young);
    expect(await shown(await newRoom())).toEqual({
      ...first,
      picture: CORRECTED.picture,
      words: CORRECTED.words,
    });
  },
  TEST_MS,
);
