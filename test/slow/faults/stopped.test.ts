/**
 * A process is stopped for a while and continues (SIGSTOP, SIGCONT), as when a machine swaps, a virtual
 * machine is moved, or a phone suspends a page: the server, and pages. The other side notices or waits;
 * either way, nothing is lost, nothing comes twice, and a stopped page does not block the others.
 *
 * It mostly waits, so all cases run at the same time, each with a server of its own.
 */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { join as joinPath } from 'node:path';
import { Close } from '../../../sdk/protocol/close-codes.ts';
import { hello } from '../../../sdk/protocol/hello.ts';
import type { Environment } from '../../../sdk/src/session-api.ts';
import { startEscapement, temporaryFolder } from '../../support/processes/command-line.ts';
import { fastWorld } from '../../support/in-process/fast-world.ts';
import { linesOf } from '../../support/processes/lines-of.ts';
import { startRealGame, ticketFor } from '../../support/in-process/real-game.ts';
import { shortOrFull } from '../../support/short-or-full.ts';
import { SdkPage, problemsOfOrder, problemsOf } from '../../support/clients/sdk-page.ts';
import { sdkTeam } from '../../support/clients/sdk-team.ts';
import { recordCloses } from '../../support/clients/socket-wrappers.ts';
import type { PagesOptions, PagesSaw } from './stopped-pages.shared.ts';

const GAME = 'dormouse-hour';
const TEST_MS = 240_000;
const MOVE_MS = 100;
const ROOMS = 2;
const STOPS_S = [5, 15, 60].slice(0, shortOrFull(2, 3));
/**
 * Stops from this length on are noticed by a page: 18 s of silence, and two pings without a reply for 3 s
 * each.
 */
const NOTICED_S = 30;
/** Speed of pages whose clock is fast: they notice a short stop of the server. */
const FAST = 10;
const FAST_STOP_S = 4;

const undo: (() => unknown)[] = [];

type Network = (own: Environment['connect']) => Environment['connect'];
interface Team {
  readonly ada: SdkPage;
  readonly ben: SdkPage;
}
interface Played {
  readonly wrong: readonly string[];
  readonly pages: readonly SdkPage[];
}

interface Running {
  readonly teams: readonly Team[];
  readonly signal: (signal: NodeJS.Signals) => void;
}

/** Starts the program and teams that play; `network` wraps the sockets of each team's first page. */
async function start(speed: number, network?: Network): Promise<Running> {
  const folder = temporaryFolder('stopped');
  undo.push(() => folder.remove());
  const server = await startEscapement(['--port', '0', '--data-dir', folder.path]);
  undo.push(() => server.end('SIGKILL'));
  const port = Number(new URL(server.addresses['Shop'] ?? '').port);
  const teams = await Promise.all(Array.from({ length: ROOMS }, () => team(port, speed, network)));
  for (const { ada, ben } of teams) {
    for (const page of [ada, ben]) page.play(MOVE_MS);
    await ada.until(() => ada.order.length > 10);
  }
  return { teams, signal: (signal) => server.process.kill(signal) };
}

async function team(port: number, speed: number, network?: Network): Promise<Team> {
  const members = [
    { name: 'Ada', speed, ...(network && { network }) },
    { name: 'Ben', speed },
  ];
  const [ada, ben] = await sdkTeam(port, GAME, members);
  if (!ada || !ben) throw new Error('a team has two');
  undo.push(() => (ada.close(), ben.close()));
  return { ada, ben };
}

async function stopFor({ signal }: Running, seconds: number): Promise<void> {
  signal('SIGSTOP');
  await Bun.sleep(seconds * 1_000);
  signal('SIGCONT');
}

/** All pages play, the server is stopped for `seconds`, and all play on. */
async function playOver(seconds: number, speed: number): Promise<Played> {
  const running = await start(speed);
  await stopFor(running, seconds);
  const wrong: string[] = [];
  for (const { ada, ben } of running.teams) {
    for (const page of [ada, ben]) {
      await page.live();
      const before = page.order.length;
      await page.until(() => page.order.length > before + 5);
    }
    wrong.push(...(await problemsOf([ada, ben])));
  }
  return { wrong, pages: running.teams.flatMap(({ ada, ben }) => [ada, ben]) };
}

/** Each hello names another client id: the server cannot recognize what it has already. */
function newClients(own: Environment['connect']): Environment['connect'] {
  return (url, events) => {
    const socket = own(url, events);
    return {
      close: () => socket.close(),
      send(frame) {
        const output = frame[0] === hello.type ? hello.decode(frame) : null;
        const clients = [{ id: crypto.getRandomValues(new Uint8Array(16)) }];
        socket.send(output ? hello.encode({ ...output, clients }) : frame);
      },
    };
  };
}

/** Resolves when a move has come twice. */
async function playWithNewClients(): Promise<void> {
  const running = await start(FAST, newClients);
  await stopFor(running, FAST_STOP_S);
  const [{ ben }] = running.teams as readonly [Team];
  await ben.until(() => new Set(ben.order).size < ben.order.length);
}

const ROOM = 's'.repeat(20);
const AWAY = [2, 3];
/** The server's clock: a minute takes three seconds. */
const SPEED = 20;
const AWAY_S = shortOrFull(5, 15);
const MEANWHILE = 30;

interface Absence {
  /** Close codes of the stopped pages' sockets at the time when they continue. */
  readonly closes: readonly number[];
  readonly near: SdkPage;
  /** Stops play, and returns what the stopped pages saw. */
  end(): Promise<PagesSaw>;
}

/** Pages in a stopped process, beside one that plays on. `alive`: the server receives pongs. */
async function playBesideStopped(alive: boolean): Promise<Absence> {
  const { closes, wrapUpgrade } = recordCloses(alive ? 5_000 / SPEED : null);
  const real = await startRealGame({}, { world: fastWorld(SPEED), wrapUpgrade });
  undo.push(() => real.stop());
  real.addRoom(ROOM);
  const socket = `ws://127.0.0.1:${real.port}/h/h1/r/${ROOM}/ws`;
  const join = async () => ({ ok: true as const, socket, ticket: ticketFor(ROOM) });
  const near = new SdkPage({ name: 'near', join, speed: SPEED });
  undo.push(() => near.close());
  const options: PagesOptions = { port: real.port, room: ROOM, seats: AWAY, everyMs: MOVE_MS };
  const script = joinPath(import.meta.dir, 'stopped-pages.child.ts');
  const stdio = { stdin: 'pipe', stdout: 'pipe', stderr: 'inherit' } as const;
  const child = Bun.spawn([process.execPath, script, JSON.stringify(options)], stdio);
  undo.push(() => (child.kill('SIGKILL'), child.exited));
  const output = linesOf(child.stdout);
  await output.next();
  await near.live();
  near.play(MOVE_MS);
  await near.until(() => near.order.length > 20);

  child.kill('SIGSTOP');
  const before = near.order.length;
  await Promise.all([Bun.sleep(AWAY_S * 1_000), near.until(() => near.order.length >= before + MEANWHILE)]);
  // They are closed after their timeout, however busy this machine is.
  while (!alive && closes.length < AWAY.length) await Bun.sleep(20);
  const closed = [...closes];
  child.kill('SIGCONT');
  return {
    closes: closed,
    near,
    async end() {
      near.stopPlaying();
      await near.echoed();
      await child.stdin.write(`${near.made}\n`);
      await child.stdin.flush();
      return JSON.parse((await output.next()).value ?? '') as PagesSaw;
    },
  };
}

interface Cases {
  readonly stops: ReadonlyMap<number, Promise<Played>>;
  readonly fast: Promise<Played>;
  readonly newClients: Promise<void>;
  readonly away: Promise<Absence>;
  readonly awayAlive: Promise<Absence>;
}
let cases: Cases;

beforeAll(() => {
  cases = {
    stops: new Map(STOPS_S.map((seconds) => [seconds, playOver(seconds, 1)])),
    fast: playOver(FAST_STOP_S, FAST),
    newClients: playWithNewClients(),
    away: playBesideStopped(false),
    awayAlive: playBesideStopped(true),
  };
  // Each is awaited by its test; a rejection before that must not count as unhandled.
  for (const one of [...cases.stops.values(), cases.fast, cases.newClients, cases.away, cases.awayAlive])
    one.catch(() => {});
});
afterAll(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
}, TEST_MS);

for (const seconds of STOPS_S) {
  test(
    `a server stopped for ${seconds} s: no move is lost, and nothing comes twice`,
    async () => {
      const { wrong, pages } = (await cases.stops.get(seconds))!;
      expect(wrong).toEqual([]);
      if (seconds >= NOTICED_S) for (const page of pages) expect(page.reports).toContain('reconnect silent');
    },
    TEST_MS,
  );
}

test(
  'a server stopped for longer than the timeout of the pages: all notice, reconnect, and nothing comes twice',
  async () => {
    const { wrong, pages } = await cases.fast;
    expect(wrong).toEqual([]);
    for (const page of pages) expect(page.reports).toContain('reconnect silent');
  },
  TEST_MS,
);

test(
  'control: if a page reconnected as a new client, its moves would come twice',
  async () => {
    await cases.newClients;
  },
  TEST_MS,
);

test(
  'P49 stopped pages are closed, the others play on, and after the reconnect all moves of both sides are there, once',
  async () => {
    const { closes, near, end } = await cases.away;
    expect(closes).toEqual(AWAY.map(() => Close.silent.code));
    const saw = await end();
    expect(near.reports).toEqual([]);
    const made = new Map([...saw, near].map((page) => [page.name, page.made]));
    const total = [...made.values()].reduce((sum, count) => sum + count, 0);
    await near.until(() => near.order.length >= total);
    for (const { name, order } of [...saw, near])
      expect(problemsOfOrder(name, order, near.order, made)).toEqual([]);
    for (const { reports } of saw) expect(reports.length).toBeGreaterThan(0);
  },
  TEST_MS,
);

test(
  'control: with faked pongs they are not closed',
  async () => {
    expect((await cases.awayAlive).closes).toEqual([]);
  },
  TEST_MS,
);
