/** Rooms that come and go, and a process that ends. */
import { expect, test } from 'bun:test';
import { RecordKind } from '../../../../sdk/protocol/record.ts';
import {
  createGameBench,
  type GameBench,
  KEYS,
  OTHER_ROOM,
  type Page,
  ROOM,
  SLOT,
} from '../../../../test/support/in-process/game-fixture.ts';
import { createGame } from '../game.ts';

test('a room without sockets is released after a minute and comes back', async () => {
  const bench = await createGameBench();
  const anna = await bench.join();
  anna.send(1);
  await bench.commit();
  anna.peer.leave();
  await bench.world.advance(45_000);
  expect(bench.game.counts().rooms).toBe(1);
  await bench.world.advance(30_000);
  expect(bench.game.counts().rooms).toBe(0);
  expect(bench.log.releases).toEqual([ROOM]);
  const again = await bench.join();
  expect(again.moves()).toEqual(['m1']);
  again.send(2);
  await bench.commit();
  expect(again.moves()).toEqual(['m1', 'm2']);
});

test('a room with a socket stays, however quiet', async () => {
  const bench = await createGameBench();
  const anna = await bench.join();
  for (let minute = 0; minute < 10; minute++) {
    await bench.world.advance(30_000);
    anna.peer.pong();
    await bench.world.advance(30_000);
    anna.peer.pong();
  }
  expect(bench.game.counts()).toEqual({ rooms: 1, sockets: 1 });
});

test('a player who comes while the room is being released waits for it and gets it anew', async () => {
  const bench = await createGameBench();
  const anna = await bench.join();
  anna.peer.leave();
  let finish = () => {};
  const { release } = bench.log;
  bench.log.release = async (room, epoch) => {
    await new Promise<void>((resolve) => (finish = resolve));
    return release.call(bench.log, room, epoch);
  };
  await bench.world.advance(75_000);
  const again = await bench.join();
  expect(again.peer.sent).toEqual([]);
  finish();
  await bench.commit();
  expect(again.peer.names()).toContain('live');
});

test('P60 draining tells every page, takes no new ones, and closes room by room with 4000', async () => {
  const bench = await createGameBench();
  const rooms = [1, 2, 3, 4, 5].map((each) => `${each}`.padStart(20, 'r'));
  const pages: Page[] = [];
  for (const room of rooms) {
    bench.store.addRoom(room, bench.world.clock.now());
    pages.push(await bench.join({ room, seat: 1 }));
  }
  const drained = bench.game.drain({ windowMs: 8_000, batch: 2, everyMs: 1_000 });
  const open = () => pages.filter((page) => page.closedWith === null).length;
  for (const page of pages) expect(page.peer.last('drain')).toEqual({ windowMs: 8_000 });
  expect(() => bench.open()).toThrow('503');
  await bench.world.settle();
  expect(open()).toBe(3);
  await bench.world.advance(1_000);
  expect(open()).toBe(1);
  await bench.world.until(drained);
  expect(pages.map((page) => page.closedWith)).toEqual([4000, 4000, 4000, 4000, 4000]);
  expect(bench.game.counts()).toEqual({ rooms: 0, sockets: 0 });
  expect(bench.log.releases).toEqual(rooms);
});

/** With rooms that keep the draining busy for some seconds. */
async function createBusyBench(): Promise<GameBench> {
  const bench = await createGameBench();
  for (const room of ['x', 'y', 'z'].map((letter) => letter.repeat(20))) {
    bench.store.addRoom(room, bench.world.clock.now());
    await bench.join({ room });
  }
  return bench;
}

test('P60 who is on the way in when the draining begins hears of it right behind the welcome', async () => {
  const bench = await createBusyBench();
  const loading = bench.open({ seat: 1 });
  loading.hello({ seat: 1 });
  const silent = bench.open({ seat: 2 });
  const drained = bench.game.drain({ windowMs: 8_000, batch: 1, everyMs: 1_000 });
  silent.hello({ seat: 2 });
  await bench.world.until(drained);
  for (const page of [loading, silent]) {
    expect(page.peer.names().slice(0, 2)).toEqual(['welcome', 'drain']);
    expect(page.peer.all('drain')).toEqual([{ windowMs: 8_000 }]);
    expect(page.closedWith).toBe(4000);
  }
});

test('P19 P60 a hold comes before it', async () => {
  const bench = await createBusyBench();
  bench.log.say('hold');
  const page = bench.open();
  page.hello();
  const drained = bench.game.drain({ windowMs: 8_000, batch: 1, everyMs: 1_000 });
  await bench.world.until(drained);
  expect(page.peer.names().slice(0, 3)).toEqual(['welcome', 'hold', 'drain']);
});

test('P15 P60 who is closed before there was a welcome hears of it all the same', async () => {
  const bench = await createGameBench();
  bench.store.loadRoom = () => new Promise(() => {});
  const page = bench.open();
  page.hello();
  await bench.world.until(bench.game.stop());
  expect(page.peer.all('drain')).toEqual([{ windowMs: 500 }]);
  expect(page.peer.names()).toEqual(['drain']);
  expect([page.closedWith, page.peer.lateSends]).toEqual([4000, 0]);
});

test('P60 draining while an append is under way loses nothing that was taken', async () => {
  const bench = await createGameBench();
  const anna = await bench.join({ seat: 1 });
  const ben = await bench.join({ seat: 2 });
  const release = bench.log.block();
  anna.send(1);
  anna.send(2);
  const drained = bench.game.drain({ windowMs: 0, batch: 1, everyMs: 100 });
  await bench.world.settle();
  expect([anna.closedWith, ben.closedWith]).toEqual([null, null]);
  release();
  await bench.world.until(drained);
  expect([anna.moves(), ben.moves()]).toEqual([
    ['m1', 'm2'],
    ['m1', 'm2'],
  ]);
  expect([anna.closedWith, ben.closedWith]).toEqual([4000, 4000]);
  await bench.crash();
  expect((await bench.join()).moves()).toEqual(['m1', 'm2']);
});

test('P60 stopping: pages hear of it, commits under way finish and are told, then every socket is closed with 4000', async () => {
  const bench = await createGameBench();
  const anna = await bench.join({ seat: 1 });
  const silent = bench.open();
  const release = bench.log.block();
  anna.send(1);
  anna.send(2);
  const stopped = bench.game.stop();
  await bench.world.settle();
  expect(anna.closedWith).toBeNull();
  anna.send(3);
  release();
  await bench.world.until(stopped);
  expect(anna.peer.last('drain')).toEqual({ windowMs: 500 });
  expect(anna.moves()).toEqual(['m1', 'm2']);
  expect([anna.closedWith, silent.closedWith]).toEqual([4000, 4000]);
  expect(bench.game.counts()).toEqual({ rooms: 0, sockets: 0 });
});

test('stopping waits for a log that does not answer only so long', async () => {
  const bench = await createGameBench();
  const anna = await bench.join();
  bench.log.block();
  anna.send(1);
  await bench.world.until(bench.game.stop(), 10_000);
  expect(anna.closedWith).toBe(4000);
  expect(anna.moves()).toEqual([]);
});

test('a room that is still being loaded when the process stops is not opened', async () => {
  const bench = await createGameBench();
  let go = () => {};
  const { loadRoom } = bench.store;
  bench.store.loadRoom = async (id) => {
    await new Promise<void>((resolve) => (go = resolve));
    return loadRoom.call(bench.store, id);
  };
  const page = bench.open();
  page.hello();
  await bench.world.until(bench.game.stop());
  expect(page.closedWith).toBe(4000);
  go();
  await bench.commit();
  expect(bench.game.counts()).toEqual({ rooms: 0, sockets: 0 });
  expect(bench.log.releases).toEqual([ROOM]);
  expect(page.peer.lateSends).toBe(0);
});

test('after stopping no timer is left', async () => {
  const bench = await createGameBench();
  const before = bench.world.timerCount();
  const anna = await bench.join();
  anna.signal(1);
  anna.send(1);
  await bench.world.until(bench.game.stop());
  await bench.world.advance(500);
  // The journal has its own.
  expect(bench.world.timerCount()).toBe(before);
});

test('commands for a room that is not here are no error', async () => {
  const { game } = await createGameBench();
  expect(game.control.tell({ kind: 'seats', room: ROOM })).toBe('not-loaded');
  expect(game.control.tell({ kind: 'generation', room: ROOM, generation: 5 })).toBe('not-loaded');
  expect(game.control.tell({ kind: 'notice', room: ROOM, text: 'hi' })).toBe('not-loaded');
  expect(game.control.watch(ROOM)).toBeNull();
});

test('a notice of the studio becomes a record for everybody', async () => {
  const bench = await createGameBench();
  const anna = await bench.join();
  expect(bench.game.control.tell({ kind: 'notice', room: ROOM, text: 'Maintenance at nine.' })).toBe('told');
  await bench.commit();
  expect(anna.records().at(-1)).toMatchObject({ kind: RecordKind.notice, seat: 0, client: 0, clientSeq: 0 });
  expect(Buffer.from(anna.records().at(-1)!.body).toString()).toBe('Maintenance at nine.');
  const long = { kind: 'notice', room: ROOM, text: 'x'.repeat(5_000) } as const;
  expect(bench.game.control.tell(long)).toBe('unreachable');
});

test('watching a room shows its durable head and who is there', async () => {
  const bench = await createGameBench();
  const anna = await bench.join({ seat: 2 });
  await bench.join({ seat: 1 });
  const release = bench.log.block();
  anna.send(1);
  expect(bench.game.control.watch(ROOM)).toEqual({
    room: ROOM,
    epoch: anna.peer.last('welcome').epoch,
    seq: 2,
    sockets: 2,
    onlineSeats: [1, 2],
    hold: false,
  });
  release();
});

test('the open record says everything a replay needs besides the rules', async () => {
  const bench = await createGameBench();
  const startedAt = bench.world.clock.now() - 5_000;
  bench.store.addRoom(OTHER_ROOM, startedAt, { options: '{"hard":true}', locale: 'de', seed: 99 });
  const page = await bench.join({ room: OTHER_ROOM });
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

test('two processes with one slot name: the second shuts the first out, never a fork', async () => {
  const one = await createGameBench();
  const anna = await one.join({ seat: 1 });
  anna.send(1);
  await one.commit();
  // The other process works on the same log; here it is a second server beside the first.
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
