/** Rooms are loaded and released; the process drains and stops. */
import { expect, test } from 'bun:test';
import { RecordKind } from '../../../../sdk/protocol/record.ts';
import {
  createGameFixture,
  type GameFixture,
  KEYS,
  OTHER_ROOM,
  type Page,
  ROOM,
  SLOT,
} from '../../../../test/support/in-process/game-fixture.ts';
import { createGame } from '../game.ts';

test('a room without sockets is released after a minute and can be loaded again', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join();
  anna.send(1);
  await fixture.commit();
  anna.peer.closeFromPage();
  await fixture.world.advance(45_000);
  expect(fixture.game.counts().rooms).toBe(1);
  await fixture.world.advance(30_000);
  expect(fixture.game.counts().rooms).toBe(0);
  expect(fixture.log.releases).toEqual([ROOM]);
  const again = await fixture.join();
  expect(again.moves()).toEqual(['m1']);
  again.send(2);
  await fixture.commit();
  expect(again.moves()).toEqual(['m1', 'm2']);
});

test('a room with a socket is not released, however long no message is sent', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join();
  for (let minute = 0; minute < 10; minute++) {
    await fixture.world.advance(30_000);
    anna.peer.pongFromPage();
    await fixture.world.advance(30_000);
    anna.peer.pongFromPage();
  }
  expect(fixture.game.counts()).toEqual({ rooms: 1, sockets: 1 });
});

test('a player who joins while the room is being released waits, and the room is loaded again', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join();
  anna.peer.closeFromPage();
  let finish = () => {};
  const { release } = fixture.log;
  fixture.log.release = async (room, epoch) => {
    await new Promise<void>((resolve) => (finish = resolve));
    return release.call(fixture.log, room, epoch);
  };
  await fixture.world.advance(75_000);
  const again = await fixture.join();
  expect(again.peer.sent).toEqual([]);
  finish();
  await fixture.commit();
  expect(again.peer.names()).toContain('live');
});

test('P60 a drain notifies every page, rejects new ones, and closes room by room with 4000', async () => {
  const fixture = await createGameFixture();
  const rooms = [1, 2, 3, 4, 5].map((each) => `${each}`.padStart(20, 'r'));
  const pages: Page[] = [];
  for (const room of rooms) {
    fixture.store.addRoom(room, fixture.world.clock.now());
    pages.push(await fixture.join({ room, seat: 1 }));
  }
  const drained = fixture.game.drain({ windowMs: 8_000, batch: 2, everyMs: 1_000 });
  const open = () => pages.filter((page) => page.closedWith === null).length;
  for (const page of pages) expect(page.peer.last('drain')).toEqual({ windowMs: 8_000 });
  expect(() => fixture.open()).toThrow('503');
  await fixture.world.settle();
  expect(open()).toBe(3);
  await fixture.world.advance(1_000);
  expect(open()).toBe(1);
  await fixture.world.until(drained);
  expect(pages.map((page) => page.closedWith)).toEqual([4000, 4000, 4000, 4000, 4000]);
  expect(fixture.game.counts()).toEqual({ rooms: 0, sockets: 0 });
  expect(fixture.log.releases).toEqual(rooms);
});

/** With rooms that take some seconds to drain. */
async function createBusyFixture(): Promise<GameFixture> {
  const fixture = await createGameFixture();
  for (const room of ['x', 'y', 'z'].map((letter) => letter.repeat(20))) {
    fixture.store.addRoom(room, fixture.world.clock.now());
    await fixture.join({ room });
  }
  return fixture;
}

test('P60 a page that is joining when the drain begins gets drain right after the welcome', async () => {
  const fixture = await createBusyFixture();
  const loading = fixture.open({ seat: 1 });
  loading.hello({ seat: 1 });
  const silent = fixture.open({ seat: 2 });
  const drained = fixture.game.drain({ windowMs: 8_000, batch: 1, everyMs: 1_000 });
  silent.hello({ seat: 2 });
  await fixture.world.until(drained);
  for (const page of [loading, silent]) {
    expect(page.peer.names().slice(0, 2)).toEqual(['welcome', 'drain']);
    expect(page.peer.all('drain')).toEqual([{ windowMs: 8_000 }]);
    expect(page.closedWith).toBe(4000);
  }
});

test('P19 P60 hold is sent before drain', async () => {
  const fixture = await createBusyFixture();
  fixture.log.emitState('hold');
  const page = fixture.open();
  page.hello();
  const drained = fixture.game.drain({ windowMs: 8_000, batch: 1, everyMs: 1_000 });
  await fixture.world.until(drained);
  expect(page.peer.names().slice(0, 3)).toEqual(['welcome', 'hold', 'drain']);
});

test('P15 P60 a page that is closed before its welcome gets drain, too', async () => {
  const fixture = await createGameFixture();
  fixture.store.loadRoom = () => new Promise(() => {});
  const page = fixture.open();
  page.hello();
  await fixture.world.until(fixture.game.stop());
  expect(page.peer.all('drain')).toEqual([{ windowMs: 500 }]);
  expect(page.peer.names()).toEqual(['drain']);
  expect([page.closedWith, page.peer.lateSends]).toEqual([4000, 0]);
});

test('P60 draining while an append is in flight loses no accepted message', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join({ seat: 1 });
  const ben = await fixture.join({ seat: 2 });
  const release = fixture.log.holdAppends();
  anna.send(1);
  anna.send(2);
  const drained = fixture.game.drain({ windowMs: 0, batch: 1, everyMs: 100 });
  await fixture.world.settle();
  expect([anna.closedWith, ben.closedWith]).toEqual([null, null]);
  release();
  await fixture.world.until(drained);
  expect([anna.moves(), ben.moves()]).toEqual([
    ['m1', 'm2'],
    ['m1', 'm2'],
  ]);
  expect([anna.closedWith, ben.closedWith]).toEqual([4000, 4000]);
  await fixture.crash();
  expect((await fixture.join()).moves()).toEqual(['m1', 'm2']);
});

test('P60 stopping: pages get drain, appends in flight finish and are sent, then every socket is closed with 4000', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join({ seat: 1 });
  const silent = fixture.open();
  const release = fixture.log.holdAppends();
  anna.send(1);
  anna.send(2);
  const stopped = fixture.game.stop();
  await fixture.world.settle();
  expect(anna.closedWith).toBeNull();
  anna.send(3);
  release();
  await fixture.world.until(stopped);
  expect(anna.peer.last('drain')).toEqual({ windowMs: 500 });
  expect(anna.moves()).toEqual(['m1', 'm2']);
  expect([anna.closedWith, silent.closedWith]).toEqual([4000, 4000]);
  expect(fixture.game.counts()).toEqual({ rooms: 0, sockets: 0 });
});

test('stopping waits a limited time for a log that does not respond', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join();
  fixture.log.holdAppends();
  anna.send(1);
  await fixture.world.until(fixture.game.stop(), 10_000);
  expect(anna.closedWith).toBe(4000);
  expect(anna.moves()).toEqual([]);
});

test('a room that is still loading when the process stops is not opened', async () => {
  const fixture = await createGameFixture();
  let go = () => {};
  const { loadRoom } = fixture.store;
  fixture.store.loadRoom = async (id) => {
    await new Promise<void>((resolve) => (go = resolve));
    return loadRoom.call(fixture.store, id);
  };
  const page = fixture.open();
  page.hello();
  await fixture.world.until(fixture.game.stop());
  expect(page.closedWith).toBe(4000);
  go();
  await fixture.commit();
  expect(fixture.game.counts()).toEqual({ rooms: 0, sockets: 0 });
  expect(fixture.log.releases).toEqual([ROOM]);
  expect(page.peer.lateSends).toBe(0);
});

test('after stopping no timer is left', async () => {
  const fixture = await createGameFixture();
  const before = fixture.world.timerCount();
  const anna = await fixture.join();
  anna.signal(1);
  anna.send(1);
  await fixture.world.until(fixture.game.stop());
  await fixture.world.advance(500);
  // The journal has timers of its own.
  expect(fixture.world.timerCount()).toBe(before);
});

test('commands for a room that is not loaded are no error', async () => {
  const { game } = await createGameFixture();
  expect(game.control.handle({ kind: 'seats', room: ROOM })).toBe('not-loaded');
  expect(game.control.handle({ kind: 'generation', room: ROOM, generation: 5 })).toBe('not-loaded');
  expect(game.control.handle({ kind: 'notice', room: ROOM, text: 'hi' })).toBe('not-loaded');
  expect(game.control.roomStatus(ROOM)).toBeNull();
});

test('a notice of the studio becomes a record that all members get', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join();
  expect(fixture.game.control.handle({ kind: 'notice', room: ROOM, text: 'Maintenance at nine.' })).toBe(
    'delivered',
  );
  await fixture.commit();
  expect(anna.records().at(-1)).toMatchObject({ kind: RecordKind.notice, seat: 0, client: 0, clientSeq: 0 });
  expect(Buffer.from(anna.records().at(-1)!.body).toString()).toBe('Maintenance at nine.');
  const long = { kind: 'notice', room: ROOM, text: 'x'.repeat(5_000) } as const;
  expect(fixture.game.control.handle(long)).toBe('unreachable');
});

test('the status of a room has its durable head and the online seats', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join({ seat: 2 });
  await fixture.join({ seat: 1 });
  const release = fixture.log.holdAppends();
  anna.send(1);
  expect(fixture.game.control.roomStatus(ROOM)).toEqual({
    room: ROOM,
    epoch: anna.peer.last('welcome').epoch,
    seq: 2,
    sockets: 2,
    onlineSeats: [1, 2],
    hold: false,
  });
  release();
});

test('the open record contains everything a replay needs besides the rules', async () => {
  const fixture = await createGameFixture();
  const startedAt = fixture.world.clock.now() - 5_000;
  fixture.store.addRoom(OTHER_ROOM, startedAt, { options: '{"hard":true}', locale: 'de', seed: 99 });
  const page = await fixture.join({ room: OTHER_ROOM });
  const [open] = page.records();
  expect(JSON.parse(Buffer.from(open!.body).toString())).toEqual({
    format: 1,
    room: OTHER_ROOM,
    game: 'demo',
    rulesHash: 'hash',
    seed: 99,
    locale: 'de',
    options: { hard: true },
    startedAt,
  });
  expect(open!.ms).toBeGreaterThanOrEqual(5_000);
});

test('two processes with one slot name: the second fences the first, and the room keeps one log', async () => {
  const one = await createGameFixture();
  const anna = await one.join({ seat: 1 });
  anna.send(1);
  await one.commit();
  // The other process is simulated by a second server on the same log.
  const other = createGame({
    world: one.world,
    log: one.log,
    store: one.store,
    keys: KEYS,
    slot: SLOT,
    onFinish: () => {},
    onBroken: () => {},
  });
  const first = one.game;
  one.game = other;
  const ben = await one.join({ seat: 2 });
  one.game = first;
  ben.send(1, 'b1');
  await one.commit();
  anna.send(2);
  await one.commit();
  expect(anna.closedWith).toBe(4005);
  one.game = other;
  const again = await one.join({ seat: 1 });
  expect(again.moves()).toEqual(['m1', 'b1']);
  expect(again.peer.last('welcome').clients).toEqual([{ number: 1, lastSeq: 1 }]);
});
