/** Positions: which of them hold, across restarts, takeovers and the archive, and what a resend meets. */
import { expect, test } from 'bun:test';
import { Reader } from '../../../../sdk/protocol/bytes.ts';
import { RecordKind } from '../../../../sdk/protocol/record.ts';
import {
  createGameBench,
  type GameBench,
  KEYS,
  type Page,
  play,
  ROOM,
  SLOT,
  upTo,
} from '../../../../test/support/in-process/game-fixture.ts';
import { createGame, type Game } from '../game.ts';

/** The records' seqs without what the page skips (P21): what comes first may begin before its position. */
const news = (page: Page, after: number) => page.seqs().filter((seq) => seq > after);

test('P18 P26 a position that holds is resumed: only what is missing follows', async () => {
  const bench = await createGameBench();
  const anna = await bench.join({ seat: 1 });
  await play(bench, anna, 5);
  const { epoch } = anna.peer.last('welcome');
  const ben = await bench.join({ seat: 2, epoch, seq: 6 });
  expect(ben.peer.last('welcome').resumed).toBe(1);
  expect(news(ben, 6)).toEqual([7, 8]);
});

test('P26 a position at the head is resumed with nothing but live', async () => {
  const bench = await createGameBench();
  const anna = await bench.join({ seat: 1 });
  const { epoch, seq } = anna.peer.last('welcome');
  const ben = await bench.join({ seat: 2, epoch, seq });
  expect(ben.peer.names()).toEqual(['welcome', 'live', 'presence']);
  expect(ben.peer.last('welcome').resumed).toBe(1);
});

test('P12 P18 P26 an epoch higher or lower than the entry was written in is no position: reset', async () => {
  const bench = await createGameBench();
  const anna = await bench.join({ seat: 1 });
  await play(bench, anna, 3);
  const { epoch } = anna.peer.last('welcome');
  const positions = [
    { epoch: epoch + 1, seq: 4 },
    { epoch: epoch - 1, seq: 4 },
    { epoch, seq: 7 },
    { epoch: 0, seq: 4 },
    { epoch, seq: 0 },
  ];
  for (const [index, position] of positions.entries()) {
    const page = await bench.join({ seat: 2, ids: [20 + index], ...position });
    expect(page.peer.last('welcome').resumed).toBe(0);
    expect(page.seqs()).toEqual(upTo(6));
  }
});

test('P26 ten takeovers, no reset: old positions of any epoch stay good', async () => {
  const bench = await createGameBench();
  const epochs: number[] = [];
  const heads: number[] = [];
  for (let owner = 0; owner < 10; owner++) {
    const page = await bench.join({ seat: 1, ids: [owner + 1] });
    epochs.push(page.peer.last('welcome').epoch);
    await play(bench, page, 2);
    heads.push(page.seqs().at(-1)!);
    if (owner % 3 === 2) await bench.store.sweep(bench.log, ROOM);
    await bench.crash();
  }
  expect(epochs).toEqual([...new Set(epochs)].sort((a, b) => a - b));
  for (const [owner, seq] of heads.entries()) {
    const page = await bench.join({ seat: 2, ids: [50 + owner], epoch: epochs[owner]!, seq });
    expect(page.peer.last('welcome').resumed).toBe(1);
    expect(news(page, seq)).toEqual(upTo(page.peer.last('live').seq, seq + 1));
  }
});

test('P25 the epoch of an entry is what the last epoch record at or before it says', async () => {
  const bench = await createGameBench();
  const first = await bench.join({ seat: 1 });
  await play(bench, first, 2);
  await bench.crash();
  const page = await bench.join({ seat: 2 });
  const epochs = page.records().filter((record) => record.kind === RecordKind.epoch);
  expect(epochs.map(({ seq, body }) => [seq, new Reader(body).varint()])).toEqual([
    [2, first.peer.last('welcome').epoch],
    [6, page.peer.last('welcome').epoch],
  ]);
});

test('P27 the epoch rises with every opening, and is never below the clock in seconds', async () => {
  const bench = await createGameBench();
  const first = (await bench.join()).peer.last('welcome').epoch;
  await bench.crash();
  const second = (await bench.join()).peer.last('welcome').epoch;
  await bench.world.advance(3_600_000);
  await bench.crash();
  const third = (await bench.join()).peer.last('welcome').epoch;
  expect(second).toBe(first + 1);
  expect(third).toBe(Math.floor(bench.world.clock.now() / 1000));
});

test('P26 zero events: a page of a room without moves reconnects and is resumed', async () => {
  const bench = await createGameBench();
  const first = await bench.join({ ids: [1] });
  const { epoch } = first.peer.last('welcome');
  await bench.world.advance(7 * 24 * 3_600_000);
  const again = await bench.join({ ids: [1], epoch, seq: 2 });
  expect(again.peer.last('welcome').resumed).toBe(1);
});

test('P38 a resend is harmless after a restart, whether its echo was seen or not', async () => {
  const bench = await createGameBench();
  const before = await bench.join({ ids: [5] });
  await play(bench, before, 2);
  await bench.crash();
  const after = await bench.join({ ids: [5] });
  expect(after.peer.last('welcome').clients).toEqual([{ number: 1, lastSeq: 2 }]);
  for (const seq of [1, 2, 3]) after.send(seq, `again ${seq}`);
  await bench.commit();
  expect(after.moves()).toEqual(['m1', 'm2', 'again 3']);
});

test('P38 a room swept and purged comes back: head, dedupe, positions', async () => {
  const bench = await createGameBench();
  const before = await bench.join({ ids: [5] });
  await play(bench, before, 6);
  const { epoch } = before.peer.last('welcome');
  await bench.store.sweep(bench.log, ROOM, { perChunk: 3 });
  await bench.crash();
  const old = await bench.join({ seat: 2, epoch, seq: 4 });
  expect(old.peer.last('welcome').resumed).toBe(1);
  expect(news(old, 4)).toEqual(upTo(10, 5));
  const fresh = await bench.join({ seat: 3 });
  expect(fresh.seqs()).toEqual(upTo(10));
  const resender = await bench.join({ ids: [5] });
  resender.send(6, 'again');
  resender.send(7);
  await bench.commit();
  expect(resender.moves()).toEqual(['m1', 'm2', 'm3', 'm4', 'm5', 'm6', 'm7']);
  // The record of the resent move is the one from before.
  expect(resender.records().find((record) => record.clientSeq === 6)?.seq).toBe(9);
});

test('P26 P48 a page that lost the thread sees it by a heartbeat and gets what it lacks by its position', async () => {
  const bench = await createGameBench();
  const anna = await bench.join({ seat: 1 });
  const ben = await bench.join({ seat: 2 });
  await play(bench, anna, 2);
  const seen = ben.seqs();
  // What comes now is lost between the socket and the page.
  anna.send(3);
  await bench.commit();
  ben.ping(1);
  const { epoch, seq } = ben.peer.last('heartbeat');
  expect(seq).toBeGreaterThan(seen.at(-1)!);
  const again = await bench.join({ seat: 2, epoch, seq: seen.at(-1)! });
  expect(again.moves(seen.at(-1))).toEqual(['m3']);
});

/** Puts a second host on the same log and store in the place of the first, which is answered and goes on. */
function overtake(bench: GameBench): Game {
  const { game: before, world, log, store } = bench;
  const nothing = (): void => {};
  bench.game = createGame({
    world,
    log,
    store,
    keys: KEYS,
    slot: SLOT,
    onFinish: nothing,
    onBroken: nothing,
  });
  return before;
}

test('P26 P61 an owner that was overtaken does not reset a page that comes from the next one', async () => {
  const bench = await createGameBench();
  const anna = await bench.join({ seat: 1 });
  await play(bench, anna, 2);
  const before = overtake(bench);
  const ben = await bench.join({ seat: 2 });
  await play(bench, ben, 2);
  const { epoch } = ben.peer.last('welcome');
  const seq = ben.seqs().at(-1)!;
  bench.game = before;
  const again = await bench.join({ seat: 2, ids: [7], epoch, seq });
  expect(again.peer.last('welcome').resumed).toBe(1);
  expect(anna.closedWith).toBe(4005);
});

test('P26 a later epoch that the log cannot be asked about is no reason for a reset: come back', async () => {
  const bench = await createGameBench();
  const anna = await bench.join({ seat: 1 });
  const { epoch, seq } = anna.peer.last('welcome');
  bench.log.nextOpens.push({ ok: false, why: 'refused' });
  const ben = await bench.join({ seat: 2, epoch: epoch + 1, seq });
  expect(ben.closedWith).toBe(4006);
  expect(anna.closedWith).toBeNull();
});

test('P37 P39 an owner that was overtaken does not make a page number its messages anew', async () => {
  const bench = await createGameBench();
  const anna = await bench.join({ seat: 1 });
  const before = overtake(bench);
  const ben = await bench.join({ seat: 2, ids: [7] });
  await play(bench, ben, 2);
  bench.game = before;
  // A new page that took Ben's outbox over, and has no position that would tell.
  const next = await bench.join({ seat: 2, ids: [8, 7] });
  next.send(3, 'm3', { client: 1 });
  await bench.commit();
  expect(next.peer.names()).not.toContain('expect');
  expect([anna.closedWith, next.closedWith]).toEqual([4005, 4005]);
});
