/**
 * No file descriptor is left, because of idle connections: players play on, new ones wait until there is a
 * descriptor, and nothing ends.
 *
 * The control needs a descriptor for every commit, and must be detected.
 */
import { afterEach, expect, test } from 'bun:test';
import { readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { RecordKind } from '../../sdk/protocol/record.ts';
import { beginServer, type ServerProcess } from '../e2e/support/server.ts';
import { temporaryFolder } from '../support/processes/command-line.ts';
import { faultServer, testsRequiring } from '../support/fault-test.ts';
import { shortOrFull } from '../support/short-or-full.ts';
import { type Site, siteVisitor } from '../support/clients/visitor.ts';
import {
  reconnectTeam,
  faultsIn,
  logFromServer,
  createTeam,
  type Team,
} from '../support/clients/client-team.ts';

/** Limit of the process; the program itself has about a quarter of it open at rest. */
const DESCRIPTORS = 96;
const TEAMS = 2;
const PLAYERS = 3;
const FLOODS = shortOrFull(1, 20);
const MOVES = 5;
/** A request without a response for this long counts as waiting, ms. */
const REQUEST_MS = 500;
const TEST_MS = shortOrFull(180_000, 400_000);

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
}, 60_000);

async function start(removedGuard: string | null = null): Promise<ServerProcess> {
  const folder = temporaryFolder('descriptors');
  undo.push(() => folder.remove());
  const before = ['prlimit', `--nofile=${DESCRIPTORS}:${DESCRIPTORS}`];
  const starting = beginServer(faultServer(folder.path, { before, removedGuard }));
  undo.push(() => starting.kill());
  return starting.ready;
}

async function enter(site: Site): Promise<readonly Team[]> {
  return Promise.all(Array.from({ length: TEAMS }, () => createTeam(site, PLAYERS)));
}

/** Opens connections until the process has no descriptor left, and one more that waits. */
async function flood({ pid, port }: ServerProcess): Promise<{ end(): Promise<void> }> {
  const sockets: Socket[] = [];
  const used = (): number => readdirSync(`/proc/${pid}/fd`).length;
  while (used() < DESCRIPTORS) {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('error', () => {});
    sockets.push(socket);
    await new Promise((resolve) => socket.once('connect', resolve));
    // By now accepted by the process, or waiting in the queue of the system.
    await Bun.sleep(2);
  }
  return {
    async end() {
      for (const socket of sockets) socket.destroy();
      while (used() >= DESCRIPTORS) await Bun.sleep(5);
    },
  };
}

/** Each page sends and waits for its echoes; false = one was disconnected or got "hold". */
async function everybodyPlays(teams: readonly Team[]): Promise<boolean> {
  const pages = teams.flatMap((team) => team.pages);
  for (const page of pages) {
    for (let move = 0; move < MOVES; move++) page.send(RecordKind.move, Uint8Array.of(move));
  }
  return Promise.all(pages.map((page) => page.echoed())).then(
    () => pages.every(({ isConnected, holds }) => isConnected && holds === 0),
    () => false,
  );
}

const missing = Bun.which('prlimit') === null ? 'prlimit cannot be found' : null;

testsRequiring('no file descriptors', missing, () => {
  test(
    'are left: players play on, new ones are admitted when descriptors are free again, and nothing is lost',
    async () => {
      const server = await start();
      const site = { port: server.port };
      const teams = await enter(site);
      for (let round = 0; round < FLOODS; round++) {
        const flooding = await flood(server);
        expect(await everybodyPlays(teams)).toBe(true);
        // A finished room is archived, with the descriptors that are open.
        teams[round % TEAMS]?.pages[0]?.send(RecordKind.finish, new Uint8Array(0));
        const outcome = await fetch(`http://127.0.0.1:${server.port}/`, {
          signal: AbortSignal.timeout(REQUEST_MS),
          keepalive: false,
        }).then(
          ({ status }) => status,
          (error: Error) => error.name,
        );
        // Neither answered nor refused.
        expect(outcome).toBe('TimeoutError');
        expect(await everybodyPlays(teams)).toBe(true);
        await flooding.end();
        expect((await siteVisitor(site).get('/')).status).toBe(200);
      }
      for (const team of teams) await reconnectTeam(site, team);
      for (const team of [...teams, await createTeam(site, PLAYERS)]) {
        expect(faultsIn(await logFromServer(site, team), team)).toEqual([]);
      }
      for (const { pages } of teams) await Promise.all(pages.map((page) => page.close()));
      expect(await server.stop()).toBe(0);
    },
    TEST_MS,
  );

  test(
    'control: a journal that needs one for every commit is detected',
    async () => {
      const server = await start('descriptors');
      const teams = await enter({ port: server.port });
      await flood(server);
      expect(await everybodyPlays(teams)).toBe(false);
      expect(await server.exited).toBe(3);
    },
    TEST_MS,
  );
});
