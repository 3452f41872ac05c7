/**
 * Half-open connections: the network between a page and the server is gone without a word, and both
 * still believe in the socket. The server closes it within the time that P49 states, the page notices
 * by itself, the others play on meanwhile, and what was made on both sides arrives once.
 *
 * Over real sockets with a cable that is pulled; rooms and pages live in a world twenty times as
 * fast. The controls take away what each side notices it by.
 */
import { afterEach, expect, test } from 'bun:test';
import { Close } from '../../../sdk/protocol/close-codes.ts';
import { heartbeat } from '../../../sdk/protocol/heartbeat.ts';
import type { Environment } from '../../../sdk/src/session-api.ts';
import { Proxy } from '../../e2e/support/proxy.ts';
import { fastWorld } from '../../support/in-process/fast-world.ts';
import { type Changes, type RealGame, startRealGame, ticketFor } from '../../support/in-process/real-game.ts';
import { SdkPage, wrongWith } from '../../support/clients/sdk-page.ts';
import { watchSockets } from '../../support/clients/watched-sockets.ts';

const SPEED = 20;
const ROOM = 'h'.repeat(20);
const TEST_MS = 60_000;
/**
 * P49 says 60 s; the rest is for a machine that is busy, where a moment of ours is long in there. What has
 * not been noticed by then counts as not noticed, here and in the controls.
 */
const SILENT_MS_MAX = 160_000;
const MOVE_MS = 50;
/** Moves that the others make while one of them is cut off. */
const MEANWHILE = 20;

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

/** Between a page and its sockets: heartbeats come whether the server lives or not. */
function fakeHeartbeats(own: Environment['connect']): Environment['connect'] {
  return (url, events) => {
    const frame = heartbeat.encode({ epoch: 1, seq: 0, roomMs: 0, token: 1 });
    const timer = setInterval(() => events.message(frame), 3_000 / SPEED);
    undo.push(() => clearInterval(timer));
    return own(url, events);
  };
}

interface Scene {
  readonly real: RealGame;
  readonly proxy: Proxy;
  readonly near: SdkPage;
  readonly far: SdkPage;
}

/** Two pages that play, one of them behind a cable that can be pulled. */
async function play(changes: Changes, network?: typeof fakeHeartbeats): Promise<Scene> {
  const world = fastWorld(SPEED);
  const real = await startRealGame({}, { ...changes, world });
  undo.push(() => real.stop());
  real.addRoom(ROOM);
  const proxy = await Proxy.start(real);
  undo.push(() => proxy.stop());
  const page = (seat: number, name: string, port: number, between?: typeof fakeHeartbeats) => {
    const socket = `ws://127.0.0.1:${port}/h/h1/r/${ROOM}/ws`;
    const join = async () => ({ ok: true as const, socket, ticket: ticketFor(ROOM, { seat }) });
    const made = new SdkPage({ name, join, speed: SPEED, ...(between && { network: between }) });
    undo.push(() => made.close());
    return made;
  };
  const near = page(1, 'near', real.port);
  const far = page(2, 'far', proxy.port, network);
  await Promise.all([near.live(), far.live()]);
  for (const each of [near, far]) {
    each.play(MOVE_MS);
    await each.until(() => each.order.length > 3);
  }
  return { real, proxy, near, far };
}

/** Waits until it is so, or until so many milliseconds of the fast world have passed. */
async function within(msMax: number, met: () => boolean): Promise<boolean> {
  const ends = performance.now() + msMax / SPEED;
  while (!met() && performance.now() < ends) await Bun.sleep(5);
  return met();
}

test(
  'P49 P50 a cable pulled under play: both ends notice, the others play on, and nothing is lost or repeated',
  async () => {
    const { closes, sockets } = watchSockets(null);
    const { proxy, near, far } = await play({ sockets });
    proxy.stall();
    const before = near.order.length;
    await near.until(() => near.order.length >= before + MEANWHILE);
    expect(await within(SILENT_MS_MAX, () => closes.length > 0)).toBe(true);
    expect(closes).toEqual([Close.silent.code]);
    expect(await within(SILENT_MS_MAX, () => far.reports.includes('reconnect silent'))).toBe(true);
    expect(near.reports).toEqual([]);
    proxy.heal();
    await far.live();
    expect(await wrongWith([near, far])).toEqual([]);
    expect(far.made).toBeGreaterThan(MEANWHILE);
  },
  TEST_MS,
);

test(
  'control: with signs of life that nobody gave, neither end notices',
  async () => {
    const { closes, sockets } = watchSockets(5_000 / SPEED);
    const { proxy, far } = await play({ sockets }, fakeHeartbeats);
    proxy.stall();
    const noticed = () => closes.length > 0 || far.reports.length > 0;
    expect(await within(SILENT_MS_MAX, noticed)).toBe(false);
  },
  TEST_MS,
);
