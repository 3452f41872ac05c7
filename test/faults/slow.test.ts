/**
 * A disk on which every write takes long, under the real program: an echo takes at least as long as a
 * write, because nothing is shown before it is durable, and that is all. Nobody is disconnected or
 * told to hold, nothing is sent twice or lost, pages answer, and new teams come in.
 *
 * The control answers before it writes: its echoes are too fast to be true.
 */
import { afterAll, afterEach, beforeAll, expect, test } from 'bun:test';
import { join } from 'node:path';
import { RecordKind } from '../../sdk/protocol/record.ts';
import { beginServer, type ServerProcess } from '../e2e/support/server.ts';
import { type FaultyDisk, faultyDisk, noBlockDevices } from '../support/disks/block-device.ts';
import { faultServer, whereItCan } from '../support/fault-test.ts';
import type { RoomClient } from '../support/clients/room-client.ts';
import { rounds } from '../support/rounds.ts';
import { siteVisitor } from '../support/clients/site-visitor.ts';
import { faultsIn, logFromServer, newTeam } from '../support/clients/team.ts';

/** What every write takes, ms. */
const DELAYS = [20, 100, 500].slice(0, rounds(1, 3));
const CONTROL_DELAY = 20;
/** Messages of each page; two are under way at a time. */
const MESSAGES = 20;
const TEAMS = 3;
const PLAYERS = 2;
const DISK_MB = 128;
const TEST_MS = 180_000;

let disk: FaultyDisk;
const undo: (() => unknown)[] = [];

async function start(delayMs: number, unguarded: string | null = null): Promise<ServerProcess> {
  await disk.remount({ delayMs });
  const starting = beginServer(faultServer(join(disk.path, 'data'), { unguarded }));
  undo.push(() => starting.kill());
  return starting.ready;
}

/** Milliseconds from sending to the echo, of each message. */
async function echoTimes(page: RoomClient): Promise<readonly number[]> {
  const times: number[] = [];
  const sendAndAwait = async (): Promise<void> => {
    const sentAt = performance.now();
    const draft = page.send(RecordKind.move, crypto.getRandomValues(new Uint8Array(100)));
    await page.until('its echo', () => !page.outbox.includes(draft));
    times.push(performance.now() - sentAt);
  };
  for (let sent = 0; sent < MESSAGES; sent += 2) await Promise.all([sendAndAwait(), sendAndAwait()]);
  return times;
}

whereItCan('a slow disk', noBlockDevices(), () => {
  beforeAll(async () => {
    disk = await faultyDisk(DISK_MB);
    // Made on a fast disk; only what is done every time is done on the slow one.
    await (await start(0)).stop();
  }, TEST_MS);
  afterEach(async () => {
    for (const step of undo.splice(0).toReversed()) await step();
  }, TEST_MS);
  afterAll(() => disk.remove(), TEST_MS);

  test.each(DELAYS)(
    'of %i ms a write: echoes wait for it, and nothing else changes',
    async (delayMs) => {
      const server = await start(delayMs);
      const site = { port: server.port };
      const teams = await Promise.all(Array.from({ length: TEAMS }, () => newTeam(site, PLAYERS)));
      const pages = teams.flatMap((team) => team.pages);
      let playing = true;
      const visits = (async () => {
        while (playing) {
          for (const path of ['/', '/games/dormouse-hour', '/ready']) {
            expect((await siteVisitor(site).get(path)).status).toBe(200);
          }
        }
      })();
      const times = (await Promise.all(pages.map(echoTimes))).flat();
      playing = false;
      await visits;
      expect(Math.min(...times)).toBeGreaterThanOrEqual(delayMs);
      expect(pages.map(({ holds, connected }) => ({ holds, connected }))).toEqual(
        pages.map(() => ({ holds: 0, connected: true })),
      );
      for (const team of teams) {
        const log = await logFromServer(site, team);
        expect(log.filter(({ kind }) => kind === RecordKind.move)).toHaveLength(MESSAGES * PLAYERS);
        expect(faultsIn(log, team)).toEqual([]);
      }
      expect(server.output()).not.toContain('"level":"error"');
      await Promise.all(pages.map((page) => page.leave()));
      expect(await server.stop()).toBe(0);
    },
    TEST_MS,
  );

  test(
    'control: echoes that do not wait for the disk are found out',
    async () => {
      const server = await start(CONTROL_DELAY, 'early');
      const team = await newTeam({ port: server.port }, 1);
      const times = (await Promise.all(team.pages.map(echoTimes))).flat();
      expect(Math.min(...times)).toBeLessThan(CONTROL_DELAY);
    },
    TEST_MS,
  );
});
