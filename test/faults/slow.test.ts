/**
 * A disk on which every write takes long, under the real program: an echo takes at least as long as a
 * write, because nothing is shown before it is durable. Nothing else changes: nobody is disconnected or
 * gets "hold", nothing is repeated or lost, pages respond, and new teams are admitted.
 *
 * The control replies before it writes: its echoes are faster than a write.
 */
import { afterAll, afterEach, beforeAll, expect, test } from 'bun:test';
import { join } from 'node:path';
import { RecordKind } from '../../sdk/protocol/record.ts';
import { beginServer, type ServerProcess } from '../e2e/support/server.ts';
import { type FaultyDisk, faultyDisk, blockDeviceProblem } from '../support/disks/block-device.ts';
import { faultServer, testsRequiring } from '../support/fault-test.ts';
import type { RoomClient } from '../support/clients/room-client.ts';
import { shortOrFull } from '../support/short-or-full.ts';
import { siteVisitor } from '../support/clients/visitor.ts';
import { faultsIn, logFromServer, createTeam } from '../support/clients/client-team.ts';

/** Duration of a write, ms. */
const DELAYS = [20, 100, 500].slice(0, shortOrFull(1, 3));
const CONTROL_DELAY = 20;
/** Messages of each page, two at a time. */
const MESSAGES = 20;
const TEAMS = 3;
const PLAYERS = 2;
const DISK_MB = 128;
const TEST_MS = 180_000;

let disk: FaultyDisk;
const undo: (() => unknown)[] = [];

async function start(delayMs: number, removedGuard: string | null = null): Promise<ServerProcess> {
  await disk.remount({ delayMs });
  const starting = beginServer(faultServer(join(disk.path, 'data'), { removedGuard }));
  undo.push(() => starting.kill());
  return starting.ready;
}

/** Time from sending to the echo of each message, ms. */
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

testsRequiring('a slow disk', blockDeviceProblem(), () => {
  beforeAll(async () => {
    disk = await faultyDisk(DISK_MB);
    // First start on a fast disk, so that only what every start does is slow.
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
      const teams = await Promise.all(Array.from({ length: TEAMS }, () => createTeam(site, PLAYERS)));
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
      expect(pages.map(({ holds, isConnected }) => ({ holds, isConnected }))).toEqual(
        pages.map(() => ({ holds: 0, isConnected: true })),
      );
      for (const team of teams) {
        const log = await logFromServer(site, team);
        expect(log.filter(({ kind }) => kind === RecordKind.move)).toHaveLength(MESSAGES * PLAYERS);
        expect(faultsIn(log, team)).toEqual([]);
      }
      expect(server.output()).not.toContain('"level":"error"');
      await Promise.all(pages.map((page) => page.close()));
      expect(await server.stop()).toBe(0);
    },
    TEST_MS,
  );

  test(
    'control: echoes that do not wait for the disk are detected',
    async () => {
      const server = await start(CONTROL_DELAY, 'early');
      const team = await createTeam({ port: server.port }, 1);
      const times = (await Promise.all(team.pages.map(echoTimes))).flat();
      expect(Math.min(...times)).toBeLessThan(CONTROL_DELAY);
    },
    TEST_MS,
  );
});
