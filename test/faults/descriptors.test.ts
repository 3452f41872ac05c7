/**
 * No file descriptor is left, because of connections that say nothing: who plays goes on playing, who
 * comes has to wait until there is one, and nothing ends.
 *
 * The control needs a descriptor for every commit, and must be found out.
 */
import { afterEach, expect, test } from 'bun:test';
import { readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { RecordKind } from '../../sdk/protocol/record.ts';
import { beginServer, type ServerProcess } from '../e2e/support/server.ts';
import { temporaryFolder } from '../support/processes/command-line.ts';
import { faultServer, whereItCan } from '../support/fault-test.ts';
import { rounds } from '../support/rounds.ts';
import { type Site, siteVisitor } from '../support/clients/site-visitor.ts';
import { comeBack, faultsIn, logFromServer, newTeam, type Team } from '../support/clients/team.ts';

/** Of the process; what the program itself has open at rest is about a quarter of it. */
const DESCRIPTORS = 96;
const TEAMS = 2;
const PLAYERS = 3;
const FLOODS = rounds(1, 20);
const MOVES = 5;
/** How long somebody who comes meanwhile is given before we call it waiting. */
const TURNED_AWAY_MS = 500;
const TEST_MS = rounds(180_000, 400_000);

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
}, 60_000);

async function start(unguarded: string | null = null): Promise<ServerProcess> {
  const folder = temporaryFolder('descriptors');
  undo.push(() => folder.remove());
  const before = ['prlimit', `--nofile=${DESCRIPTORS}:${DESCRIPTORS}`];
  const starting = beginServer(faultServer(folder.path, { before, unguarded }));
  undo.push(() => starting.kill());
  return starting.ready;
}

async function enter(site: Site): Promise<readonly Team[]> {
  return Promise.all(Array.from({ length: TEAMS }, () => newTeam(site, PLAYERS)));
}

/** Connections until the process has no descriptor left, and one more that waits for it. */
async function flood({ pid, port }: ServerProcess): Promise<{ end(): Promise<void> }> {
  const sockets: Socket[] = [];
  const used = (): number => readdirSync(`/proc/${pid}/fd`).length;
  while (used() < DESCRIPTORS) {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('error', () => {});
    sockets.push(socket);
    await new Promise((resolve) => socket.once('connect', resolve));
    // Taken by the process, or in the queue of the system for good.
    await Bun.sleep(2);
  }
  return {
    async end() {
      for (const socket of sockets) socket.destroy();
      while (used() >= DESCRIPTORS) await Bun.sleep(5);
    },
  };
}

/** Each page sends and sees its echoes; false = somebody was disconnected. */
async function everybodyPlays(teams: readonly Team[]): Promise<boolean> {
  const pages = teams.flatMap((team) => team.pages);
  for (const page of pages) {
    for (let move = 0; move < MOVES; move++) page.send(RecordKind.move, Uint8Array.of(move));
  }
  return Promise.all(pages.map((page) => page.echoed())).then(
    () => pages.every(({ connected, holds }) => connected && holds === 0),
    () => false,
  );
}

const missing = Bun.which('prlimit') === null ? 'prlimit cannot be found' : null;

whereItCan('no file descriptors', missing, () => {
  test(
    'are left: players play on, newcomers come in as soon as there are some, and nothing is lost',
    async () => {
      const server = await start();
      const site = { port: server.port };
      const teams = await enter(site);
      for (let round = 0; round < FLOODS; round++) {
        const flooding = await flood(server);
        expect(await everybodyPlays(teams)).toBe(true);
        // A room that ends is archived, with whatever is open.
        teams[round % TEAMS]?.pages[0]?.send(RecordKind.finish, new Uint8Array(0));
        const turnedAway = await fetch(`http://127.0.0.1:${server.port}/`, {
          signal: AbortSignal.timeout(TURNED_AWAY_MS),
          keepalive: false,
        }).then(
          ({ status }) => status,
          (error: Error) => error.name,
        );
        // Neither answered nor refused: it waits.
        expect(turnedAway).toBe('TimeoutError');
        expect(await everybodyPlays(teams)).toBe(true);
        await flooding.end();
        expect((await siteVisitor(site).get('/')).status).toBe(200);
      }
      for (const team of teams) await comeBack(site, team);
      for (const team of [...teams, await newTeam(site, PLAYERS)]) {
        expect(faultsIn(await logFromServer(site, team), team)).toEqual([]);
      }
      for (const { pages } of teams) await Promise.all(pages.map((page) => page.leave()));
      expect(await server.stop()).toBe(0);
    },
    TEST_MS,
  );

  test(
    'control: a journal that needs one for every commit is found out',
    async () => {
      const server = await start('spare');
      const teams = await enter({ port: server.port });
      await flood(server);
      expect(await everybodyPlays(teams)).toBe(false);
      expect(await server.exited).toBe(3);
    },
    TEST_MS,
  );
});
