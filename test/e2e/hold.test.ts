/** A full disk, as a player sees it: the page shows it, keeps the moves, and continues by itself. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import type { Browser } from 'puppeteer-core';
import { RecordKind } from '../../sdk/protocol/record.ts';
import { enterRoom, freeLink, RoomClient } from '../support/clients/room-client.ts';
import { type Site, siteVisitor } from '../support/clients/visitor.ts';
import { type SmallDisk, smallDisk } from '../support/disks/small-disk.ts';
import { launch, visitor } from './support/browser.ts';
import { startServer, type ServerProcess } from './support/server.ts';
import { enter, live, POLLED, seen, turnDrums } from './support/player-steps.ts';

const TEST_MS = 120_000;
const GAME = 'dormouse-hour';
const DISK_MB = 56;
/** Other rooms at play, which use up what the journal has preallocated. */
const ROOMS = 24;
const MOVES = 60;
const MOVE_BYTES = 4_000;

let disk: SmallDisk;
let server: ServerProcess;
let browser: Browser;
const site: Site = { port: 0 };

const probe = smallDisk(1);
probe?.remove();
if (probe !== null) describe('a full disk', onSmallDisk);
else
  test.skipIf(process.env['CI'] !== 'true')('a full disk: needs root, who may mount a tmpfs', () => {
    throw new Error('no tmpfs could be mounted; where CI=true this must run as root');
  });

async function otherRooms(): Promise<readonly RoomClient[]> {
  const clients: RoomClient[] = [];
  for (let room = 0; room < ROOMS; room++) {
    const who = siteVisitor(site);
    const client = new RoomClient();
    await client.enter(site, who, await enterRoom(who, await freeLink(who, GAME), 'Somebody'));
    clients.push(client);
  }
  return clients;
}

function onSmallDisk(): void {
  beforeAll(async () => {
    const mounted = smallDisk(DISK_MB);
    if (mounted === null) throw new Error('a tmpfs can no longer be mounted');
    disk = mounted;
    const env = { ESCAPEMENT_FREE_ROOMS_PER_HOUR: '1000' };
    server = await startServer({ port: 0, url: '', dataDir: join(disk.path, 'data'), env });
    site.port = server.port;
    browser = await launch('chromium');
  }, TEST_MS);
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    disk?.remove();
  }, TEST_MS);

  test(
    'the page says that it waits, keeps the moves, and sends them when there is space again',
    async () => {
      const others = await otherRooms();
      const { page } = await visitor(browser);
      const link = await freeLink(siteVisitor(site), GAME);
      await enter(page, new URL(link, server.addresses.shop).href, 'Ada');
      disk.fill();
      for (const other of others) {
        for (let move = 0; move < MOVES; move++) {
          other.send(RecordKind.move, crypto.getRandomValues(new Uint8Array(MOVE_BYTES)));
        }
      }
      await page.waitForFunction(() => globalThis.escapement.status() === 'hold', {
        ...POLLED,
        timeout: 60_000,
      });
      await turnDrums(page, 3);
      // Drawn after the status has changed.
      await page.waitForFunction(() => /keep your moves/i.test(document.body.innerText), POLLED);
      expect((await seen(page)).unsent).toBe(3);
      disk.free();
      await live(page, 60_000);
      await page.waitForFunction(() => globalThis.escapement.unsent() === 0, { ...POLLED, timeout: 60_000 });
      await page.waitForFunction(() => !/keep your moves/i.test(document.body.innerText), POLLED);
      await Promise.all(others.map((other) => other.close()));
    },
    TEST_MS,
  );
}
