/** What is not stored in the log: signals, presence, heartbeats. */
import { expect, test } from 'bun:test';
import { signals } from '../../../../sdk/protocol/signals.ts';
import { createSimulatedWorld } from '../../../../test/support/in-process/world.simulated.ts';
import { createGameFixture, ROOM } from '../../../../test/support/in-process/game-fixture.ts';
import { HeartbeatWheel } from './heartbeat.ts';
import { SIGNAL_TICK_MS, SignalBoard, SignalTicker } from './signals.ts';

const value = (...bytes: number[]) => Uint8Array.from(bytes);
const text = (bytes: Uint8Array) => [...bytes];

test('P43 P44 the last value of each seat is sent once per 100 ms, in one frame for the room', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join({ seat: 1 });
  const ben = await fixture.join({ seat: 2 });
  const carl = await fixture.join({ seat: 3 });
  for (const page of [anna, ben, carl]) page.clearReceived();
  for (let step = 1; step <= 9; step++) {
    anna.signal(step);
    ben.signal(100 + step);
    await fixture.world.advance(10);
  }
  expect(carl.peer.all('signals')).toEqual([]);
  await fixture.world.advance(10);
  expect(carl.peer.all('signals').map(({ changed }) => changed)).toEqual([
    [
      { seat: 1, value: value(9) },
      { seat: 2, value: value(109) },
    ],
  ]);
  const frameOf = (page: typeof anna) => page.peer.sent.find((frame) => frame[0] === signals.type);
  expect(frameOf(anna)).toBe(frameOf(carl));
  await fixture.world.advance(1_000);
  expect(carl.peer.all('signals')).toHaveLength(1);
});

test('P44 a lone player gets no signals; a page that joins gets all values after live', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join({ seat: 1 });
  anna.signal(1, 2, 3);
  await fixture.world.advance(500);
  expect(anna.peer.all('signals')).toEqual([]);
  const ben = await fixture.join({ seat: 2 });
  expect(ben.peer.last('signals').changed).toEqual([{ seat: 1, value: value(1, 2, 3) }]);
  expect(ben.peer.names().indexOf('signals')).toBeGreaterThan(ben.peer.names().indexOf('live'));
});

test('P43 an empty value clears the signal', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join({ seat: 1 });
  const ben = await fixture.join({ seat: 2 });
  anna.signal(5);
  await fixture.world.advance(200);
  anna.signal();
  await fixture.world.advance(200);
  expect(ben.peer.all('signals').map(({ changed }) => text(changed[0]!.value))).toEqual([[5], []]);
  const carl = await fixture.join({ seat: 3 });
  expect(carl.peer.all('signals')).toEqual([]);
});

test('P44 the signal of a seat is cleared when its last socket closes', async () => {
  const fixture = await createGameFixture();
  const one = await fixture.join({ seat: 1, ids: [5] });
  const two = await fixture.join({ seat: 1, ids: [6] });
  const ben = await fixture.join({ seat: 2 });
  const carl = await fixture.join({ seat: 3 });
  one.signal(5);
  await fixture.world.advance(200);
  one.peer.closeFromPage();
  await fixture.world.advance(200);
  expect(ben.peer.last('signals').changed).toEqual([{ seat: 1, value: value(5) }]);
  two.peer.closeFromPage();
  await fixture.world.advance(200);
  expect(carl.peer.last('signals').changed).toEqual([{ seat: 1, value: value() }]);
});

test('P43 a signal of more than 64 bytes is malformed', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join();
  anna.signal(...new Uint8Array(64));
  expect(anna.closedWith).toBeNull();
  anna.signal(...new Uint8Array(65));
  expect(anna.closedWith).toBe(4400);
});

test('P44 a backpressured socket gets no signals; it gets the current values when it has drained', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join({ seat: 1 });
  const ben = await fixture.join({ seat: 2 });
  await fixture.world.advance(300);
  ben.clearReceived();
  ben.peer.isStuck = true;
  anna.send(1);
  await fixture.commit();
  for (let step = 1; step <= 5; step++) {
    anna.signal(step);
    await fixture.world.advance(100);
  }
  expect(ben.peer.names()).toEqual(['records']);
  ben.peer.takeAll();
  expect(ben.peer.last('signals').changed).toEqual([{ seat: 1, value: value(5) }]);
});

test('P44 a backpressured socket later gets values that were cleared meanwhile, and only what it missed', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join({ seat: 1 });
  const ben = await fixture.join({ seat: 2 });
  const carl = await fixture.join({ seat: 3 });
  const dora = await fixture.join({ seat: 4 });
  for (const [index, page] of [anna, carl, dora].entries()) page.signal(index + 1);
  await fixture.world.advance(300);
  ben.clearReceived();
  ben.peer.isStuck = true;
  anna.send(1);
  await fixture.commit();
  // One clears its value, one leaves, the third does not change.
  anna.signal();
  carl.peer.closeFromPage();
  await fixture.world.advance(300);
  expect(ben.peer.all('signals')).toEqual([]);
  ben.peer.takeAll();
  expect(ben.peer.last('signals').changed).toEqual([
    { seat: 1, value: value() },
    { seat: 3, value: value() },
  ]);
  ben.clearReceived();
  ben.peer.isStuck = true;
  anna.send(2);
  await fixture.commit();
  ben.peer.takeAll();
  expect(ben.peer.all('signals')).toEqual([]);
});

test('P44 the tick grows when the process is overloaded, and shrinks again', () => {
  const world = createSimulatedWorld(1);
  const ticker = new SignalTicker(world);
  const sent: number[] = [];
  const room = { sendSignals: () => sent.push(world.clock.mono()) };
  ticker.request(room);
  // The timer fires 50 ms late: the event loop was busy.
  const late = createSimulatedWorld(1);
  const busy = new SignalTicker({
    ...late,
    timers: { after: (ms, run) => late.timers.after(ms + 50, run) },
  });
  busy.request(room);
  return late.advance(200).then(async () => {
    expect(busy.tickMs).toBe(2 * SIGNAL_TICK_MS);
    await world.advance(200);
    expect(ticker.tickMs).toBe(SIGNAL_TICK_MS);
  });
});

test('P44 a tick serves 32 rooms at most', async () => {
  const world = createSimulatedWorld(1);
  const ticker = new SignalTicker(world);
  /** Time → rooms served then. */
  const served = new Map<number, number>();
  const sendSignals = () => served.set(world.clock.mono(), (served.get(world.clock.mono()) ?? 0) + 1);
  for (let room = 0; room < 1_000; room++) ticker.request({ sendSignals });
  await world.advance(1_000);
  expect([...served.values()].reduce((sum, count) => sum + count)).toBe(1_000);
  expect(Math.max(...served.values())).toBeLessThanOrEqual(32);
});

test('the signals frame is encoded as the protocol defines it', () => {
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

test('P46 presence lists all seats, once after live and then at most every 250 ms', async () => {
  const fixture = await createGameFixture();
  fixture.store.seat(ROOM, 1, 'device1', 'Anna');
  fixture.store.seat(ROOM, 2, 'device2', 'Ben');
  const anna = await fixture.join({ seat: 1 });
  expect(anna.peer.last('presence')).toEqual({
    seats: [
      { seat: 1, name: 'Anna', colour: 'red', online: 1 },
      { seat: 2, name: 'Ben', colour: 'red', online: 0 },
    ],
    observers: 0,
  });
  await fixture.world.advance(1_000);
  anna.clearReceived();
  const ben = await fixture.join({ seat: 2 });
  await fixture.join({ observer: true, ids: [8] });
  await fixture.join({ observer: true, ids: [9] });
  ben.peer.closeFromPage();
  expect(anna.peer.all('presence')).toEqual([]);
  await fixture.world.advance(250);
  expect(anna.peer.all('presence')).toHaveLength(1);
  expect(anna.peer.last('presence')).toMatchObject({ observers: 2, seats: [{ online: 1 }, { online: 0 }] });
});

test('P46 a seat without a name is listed while it is online', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join({ seat: 4 });
  expect(anna.peer.last('presence').seats).toEqual([{ seat: 4, name: '', colour: '', online: 1 }]);
});

test('P46 changed seats are read again and sent to all members', async () => {
  const fixture = await createGameFixture();
  fixture.store.seat(ROOM, 1, 'device1', 'Anna');
  const anna = await fixture.join({ seat: 1 });
  fixture.store.seat(ROOM, 1, 'device1', 'Annabel');
  expect(fixture.game.control.handle({ kind: 'seats', room: ROOM })).toBe('delivered');
  await fixture.world.advance(500);
  expect(anna.peer.last('presence').seats[0]!.name).toBe('Annabel');
});

test('P47 a heartbeat is sent every 15 s with the durable head', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join();
  const { epoch } = anna.peer.last('welcome');
  anna.send(1);
  await fixture.commit();
  await fixture.world.advance(45_000);
  const beats = anna.peer.all('heartbeat');
  expect(beats).toHaveLength(3);
  expect(beats[0]).toMatchObject({ epoch, seq: 4, token: 0 });
  expect(beats[1]!.roomMs - beats[0]!.roomMs).toBe(15_000);
});

test('P47 rooms beat one after another, each once in 15 s, and an empty wheel stops', async () => {
  const world = createSimulatedWorld(1);
  const wheel = new HeartbeatWheel(world);
  const beats: number[] = [];
  const removals: (() => void)[] = [];
  for (let room = 0; room < 150; room++) {
    removals.push(wheel.add({ beat: () => beats.push(world.clock.mono()) }));
    await world.advance(100);
  }
  beats.length = 0;
  await world.advance(30_000);
  expect(beats).toHaveLength(300);
  expect(new Set(beats).size).toBe(300);
  for (const remove of removals) {
    remove();
    remove();
  }
  await world.advance(1_000);
  expect([beats.length, world.timerCount()]).toEqual([300, 0]);
  wheel.add({ beat: () => beats.push(0) });
  await world.advance(15_000);
  expect(beats).toHaveLength(301);
});

test('P48 a ping gets its heartbeat at once, and only its sender gets it', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join({ seat: 1 });
  const ben = await fixture.join({ seat: 2 });
  anna.ping(77);
  expect(anna.peer.last('heartbeat')).toMatchObject({ seq: 2, token: 77 });
  expect(ben.peer.all('heartbeat')).toEqual([]);
  anna.ping(0);
  expect(anna.closedWith).toBe(4400);
});

test('P49 a page that sends nothing gets a WebSocket ping; if it replies, it stays open', async () => {
  const fixture = await createGameFixture();
  const quiet = await fixture.join({ seat: 1 });
  const dead = await fixture.join({ seat: 2 });
  for (let minute = 0; minute < 5; minute++) {
    for (let beat = 0; beat < 4; beat++) {
      const { pings } = quiet.peer;
      await fixture.world.advance(15_000);
      if (quiet.peer.pings > pings) quiet.peer.pongFromPage();
    }
  }
  expect([quiet.closedWith, dead.closedWith]).toEqual([null, 4004]);
  expect(dead.peer.pings).toBe(1);
});

test('P49 a socket without activity for 45 s is closed, and not before', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join();
  await fixture.world.advance(44_000);
  expect(anna.closedWith).toBeNull();
  await fixture.world.advance(16_000);
  expect(anna.closedWith).toBe(4004);
});
