/** What is not in the log: signals, presence, heartbeats. */
import { expect, test } from 'bun:test';
import { signals } from '../../../../sdk/protocol/signals.ts';
import { createSimulatedWorld } from '../../../../test/support/in-process/world.simulated.ts';
import { createGameBench, ROOM } from '../../../../test/support/in-process/game-fixture.ts';
import { HeartbeatWheel } from './heartbeat.ts';
import { SIGNAL_TICK_MS, SignalBoard, SignalTicker } from './signals.ts';

const value = (...bytes: number[]) => Uint8Array.from(bytes);
const text = (bytes: Uint8Array) => [...bytes];

test('P43 P44 the last value of each seat goes out once per 100 ms, in one frame for the room', async () => {
  const bench = await createGameBench();
  const anna = await bench.join({ seat: 1 });
  const ben = await bench.join({ seat: 2 });
  const carl = await bench.join({ seat: 3 });
  for (const page of [anna, ben, carl]) page.forget();
  for (let step = 1; step <= 9; step++) {
    anna.signal(step);
    ben.signal(100 + step);
    await bench.world.advance(10);
  }
  expect(carl.peer.all('signals')).toEqual([]);
  await bench.world.advance(10);
  expect(carl.peer.all('signals').map(({ changed }) => changed)).toEqual([
    [
      { seat: 1, value: value(9) },
      { seat: 2, value: value(109) },
    ],
  ]);
  const frameOf = (page: typeof anna) => page.peer.sent.find((frame) => frame[0] === signals.type);
  expect(frameOf(anna)).toBe(frameOf(carl));
  await bench.world.advance(1_000);
  expect(carl.peer.all('signals')).toHaveLength(1);
});

test('P44 a lone player is sent no signals; who joins gets all values after live', async () => {
  const bench = await createGameBench();
  const anna = await bench.join({ seat: 1 });
  anna.signal(1, 2, 3);
  await bench.world.advance(500);
  expect(anna.peer.all('signals')).toEqual([]);
  const ben = await bench.join({ seat: 2 });
  expect(ben.peer.last('signals').changed).toEqual([{ seat: 1, value: value(1, 2, 3) }]);
  expect(ben.peer.names().indexOf('signals')).toBeGreaterThan(ben.peer.names().indexOf('live'));
});

test('P43 an empty value takes the signal away', async () => {
  const bench = await createGameBench();
  const anna = await bench.join({ seat: 1 });
  const ben = await bench.join({ seat: 2 });
  anna.signal(5);
  await bench.world.advance(200);
  anna.signal();
  await bench.world.advance(200);
  expect(ben.peer.all('signals').map(({ changed }) => text(changed[0]!.value))).toEqual([[5], []]);
  const carl = await bench.join({ seat: 3 });
  expect(carl.peer.all('signals')).toEqual([]);
});

test('P44 the signal of a seat goes when its last socket goes', async () => {
  const bench = await createGameBench();
  const one = await bench.join({ seat: 1, ids: [5] });
  const two = await bench.join({ seat: 1, ids: [6] });
  const ben = await bench.join({ seat: 2 });
  const carl = await bench.join({ seat: 3 });
  one.signal(5);
  await bench.world.advance(200);
  one.peer.leave();
  await bench.world.advance(200);
  expect(ben.peer.last('signals').changed).toEqual([{ seat: 1, value: value(5) }]);
  two.peer.leave();
  await bench.world.advance(200);
  expect(carl.peer.last('signals').changed).toEqual([{ seat: 1, value: value() }]);
});

test('P43 a signal of more than 64 bytes is malformed', async () => {
  const bench = await createGameBench();
  const anna = await bench.join();
  anna.signal(...new Uint8Array(64));
  expect(anna.closedWith).toBeNull();
  anna.signal(...new Uint8Array(65));
  expect(anna.closedWith).toBe(4400);
});

test('P44 a socket that is behind is left out and gets the present values when it has caught up', async () => {
  const bench = await createGameBench();
  const anna = await bench.join({ seat: 1 });
  const ben = await bench.join({ seat: 2 });
  await bench.world.advance(300);
  ben.forget();
  ben.peer.stuck = true;
  anna.send(1);
  await bench.commit();
  for (let step = 1; step <= 5; step++) {
    anna.signal(step);
    await bench.world.advance(100);
  }
  expect(ben.peer.names()).toEqual(['records']);
  ben.peer.drain();
  expect(ben.peer.last('signals').changed).toEqual([{ seat: 1, value: value(5) }]);
});

test('P44 a socket that is behind learns of a value that went meanwhile, and only of what it missed', async () => {
  const bench = await createGameBench();
  const anna = await bench.join({ seat: 1 });
  const ben = await bench.join({ seat: 2 });
  const carl = await bench.join({ seat: 3 });
  const dora = await bench.join({ seat: 4 });
  for (const [index, page] of [anna, carl, dora].entries()) page.signal(index + 1);
  await bench.world.advance(300);
  ben.forget();
  ben.peer.stuck = true;
  anna.send(1);
  await bench.commit();
  // One takes its value away, one goes, the third stays as it is.
  anna.signal();
  carl.peer.leave();
  await bench.world.advance(300);
  expect(ben.peer.all('signals')).toEqual([]);
  ben.peer.drain();
  expect(ben.peer.last('signals').changed).toEqual([
    { seat: 1, value: value() },
    { seat: 3, value: value() },
  ]);
  ben.forget();
  ben.peer.stuck = true;
  anna.send(2);
  await bench.commit();
  ben.peer.drain();
  expect(ben.peer.all('signals')).toEqual([]);
});

test('P44 the tick widens when the process falls behind, and comes back', () => {
  const world = createSimulatedWorld(1);
  const ticker = new SignalTicker(world);
  const sent: number[] = [];
  const room = { sendSignals: () => sent.push(world.clock.mono()) };
  ticker.ask(room);
  // The timer fires 50 ms late: the event loop was busy.
  const late = createSimulatedWorld(1);
  const busy = new SignalTicker({
    ...late,
    timers: { after: (ms, run) => late.timers.after(ms + 50, run) },
  });
  busy.ask(room);
  return late.advance(200).then(async () => {
    expect(busy.tickMs).toBe(2 * SIGNAL_TICK_MS);
    await world.advance(200);
    expect(ticker.tickMs).toBe(SIGNAL_TICK_MS);
  });
});

test('P44 thousands of rooms take turns', async () => {
  const world = createSimulatedWorld(1);
  const ticker = new SignalTicker(world);
  const turns = new Map<number, number>();
  const note = () => turns.set(world.clock.mono(), (turns.get(world.clock.mono()) ?? 0) + 1);
  for (let room = 0; room < 1_000; room++) ticker.ask({ sendSignals: note });
  await world.advance(1_000);
  expect([...turns.values()].reduce((sum, count) => sum + count)).toBe(1_000);
  expect(Math.max(...turns.values())).toBeLessThanOrEqual(32);
});

test('the signals frame is what the protocol says', () => {
  const board = new SignalBoard();
  board.set(3, value(1));
  board.set(300, value());
  board.set(2, value(7, 8));
  const frame = signals.encode({
    changed: [
      { seat: 3, value: value(1) },
      { seat: 2, value: value(7, 8) },
    ],
  });
  expect(board.all()).toEqual({ frame, seats: [3, 2] });
  expect(board.takeChanged()).toEqual({ frame, seats: [3, 2] });
  expect(board.takeChanged()).toBeNull();
});

test('P46 presence tells all seats, once after live and then at most every 250 ms', async () => {
  const bench = await createGameBench();
  bench.store.seat(ROOM, 1, 'device1', 'Anna');
  bench.store.seat(ROOM, 2, 'device2', 'Ben');
  const anna = await bench.join({ seat: 1 });
  expect(anna.peer.last('presence')).toEqual({
    seats: [
      { seat: 1, name: 'Anna', colour: 'red', online: 1 },
      { seat: 2, name: 'Ben', colour: 'red', online: 0 },
    ],
    observers: 0,
  });
  await bench.world.advance(1_000);
  anna.forget();
  const ben = await bench.join({ seat: 2 });
  await bench.join({ observer: true, ids: [8] });
  await bench.join({ observer: true, ids: [9] });
  ben.peer.leave();
  expect(anna.peer.all('presence')).toEqual([]);
  await bench.world.advance(250);
  expect(anna.peer.all('presence')).toHaveLength(1);
  expect(anna.peer.last('presence')).toMatchObject({ observers: 2, seats: [{ online: 1 }, { online: 0 }] });
});

test('P46 a seat without a name is shown while somebody sits there', async () => {
  const bench = await createGameBench();
  const anna = await bench.join({ seat: 4 });
  expect(anna.peer.last('presence').seats).toEqual([{ seat: 4, name: '', colour: '', online: 1 }]);
});

test('P46 changed seats are read again and told to everybody', async () => {
  const bench = await createGameBench();
  bench.store.seat(ROOM, 1, 'device1', 'Anna');
  const anna = await bench.join({ seat: 1 });
  bench.store.seat(ROOM, 1, 'device1', 'Annabel');
  expect(bench.game.control.tell({ kind: 'seats', room: ROOM })).toBe('told');
  await bench.world.advance(500);
  expect(anna.peer.last('presence').seats[0]!.name).toBe('Annabel');
});

test('P47 a heartbeat comes every 15 s with the durable head', async () => {
  const bench = await createGameBench();
  const anna = await bench.join();
  const { epoch } = anna.peer.last('welcome');
  anna.send(1);
  await bench.commit();
  await bench.world.advance(45_000);
  const beats = anna.peer.all('heartbeat');
  expect(beats).toHaveLength(3);
  expect(beats[0]).toMatchObject({ epoch, seq: 4, token: 0 });
  expect(beats[1]!.roomMs - beats[0]!.roomMs).toBe(15_000);
});

test('P47 rooms beat one after another, each once in 15 s, and an empty wheel stands still', async () => {
  const world = createSimulatedWorld(1);
  const wheel = new HeartbeatWheel(world.timers);
  const beats: number[] = [];
  const offs: (() => void)[] = [];
  for (let room = 0; room < 150; room++) {
    offs.push(wheel.add({ beat: () => beats.push(world.clock.mono()) }));
    await world.advance(100);
  }
  beats.length = 0;
  await world.advance(30_000);
  expect(beats).toHaveLength(300);
  expect(new Set(beats).size).toBe(300);
  for (const off of offs) {
    off();
    off();
  }
  await world.advance(1_000);
  expect([beats.length, world.timerCount()]).toEqual([300, 0]);
  wheel.add({ beat: () => beats.push(0) });
  await world.advance(15_000);
  expect(beats).toHaveLength(301);
});

test('P48 a ping is answered at once, to its sender alone', async () => {
  const bench = await createGameBench();
  const anna = await bench.join({ seat: 1 });
  const ben = await bench.join({ seat: 2 });
  anna.ping(77);
  expect(anna.peer.last('heartbeat')).toMatchObject({ seq: 2, token: 77 });
  expect(ben.peer.all('heartbeat')).toEqual([]);
  anna.ping(0);
  expect(anna.closedWith).toBe(4400);
});

test('P49 a page that says nothing is pinged by the WebSocket layer; what answers stays', async () => {
  const bench = await createGameBench();
  const quiet = await bench.join({ seat: 1 });
  const dead = await bench.join({ seat: 2 });
  for (let minute = 0; minute < 5; minute++) {
    for (let beat = 0; beat < 4; beat++) {
      const { pings } = quiet.peer;
      await bench.world.advance(15_000);
      if (quiet.peer.pings > pings) quiet.peer.pong();
    }
  }
  expect([quiet.closedWith, dead.closedWith]).toEqual([null, 4004]);
  expect(dead.peer.pings).toBe(1);
});

test('P49 nothing heard for 45 s closes, and not before', async () => {
  const bench = await createGameBench();
  const anna = await bench.join();
  await bench.world.advance(44_000);
  expect(anna.closedWith).toBeNull();
  await bench.world.advance(16_000);
  expect(anna.closedWith).toBe(4004);
});
