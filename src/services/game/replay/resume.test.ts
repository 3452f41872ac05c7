/** Positions: which are valid across restarts, takeovers and the archive; resends after a restart. */
import { expect, test } from 'bun:test';
import { Reader } from '../../../../sdk/protocol/bytes.ts';
import { RecordKind } from '../../../../sdk/protocol/record.ts';
import {
  createGameFixture,
  type GameFixture,
  KEYS,
  type Page,
  play,
  ROOM,
  SLOT,
  upTo,
} from '../../../../test/support/in-process/game-fixture.ts';
import { createGame, type Game } from '../game.ts';

/** The seqs after the page's position: a chunk may begin before it, and pages skip those records (P21). */
const seqsAfter = (page: Page, after: number) => page.seqs().filter((seq) => seq > after);

test('P18 P26 a valid position is resumed: only the missing records follow', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join({ seat: 1 });
  await play(fixture, anna, 5);
  const { epoch } = anna.peer.last('welcome');
  const ben = await fixture.join({ seat: 2, epoch, seq: 6 });
  expect(ben.peer.last('welcome').resumed).toBe(1);
  expect(seqsAfter(ben, 6)).toEqual([7, 8]);
});

test('P26 a position at the head is resumed with live alone', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join({ seat: 1 });
  const { epoch, seq } = anna.peer.last('welcome');
  const ben = await fixture.join({ seat: 2, epoch, seq });
  expect(ben.peer.names()).toEqual(['welcome', 'live', 'presence']);
  expect(ben.peer.last('welcome').resumed).toBe(1);
});

test('P12 P18 P26 a position with another epoch than that of its record is invalid: reset', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join({ seat: 1 });
  await play(fixture, anna, 3);
  const { epoch } = anna.peer.last('welcome');
  const positions = [
    { epoch: epoch + 1, seq: 4 },
    { epoch: epoch - 1, seq: 4 },
    { epoch, seq: 7 },
    { epoch: 0, seq: 4 },
    { epoch, seq: 0 },
  ];
  for (const [index, position] of positions.entries()) {
    const page = await fixture.join({ seat: 2, ids: [20 + index], ...position });
    expect(page.peer.last('welcome').resumed).toBe(0);
    expect(page.seqs()).toEqual(upTo(6));
  }
});

test('P26 ten takeovers, no reset: old positions of any epoch stay valid', async () => {
  const fixture = await createGameFixture();
  const epochs: number[] = [];
  const heads: number[] = [];
  for (let owner = 0; owner < 10; owner++) {
    const page = await fixture.join({ seat: 1, ids: [owner + 1] });
    epochs.push(page.peer.last('welcome').epoch);
    await play(fixture, page, 2);
    heads.push(page.seqs().at(-1)!);
    if (owner % 3 === 2) await fixture.store.sweep(fixture.log, ROOM);
    await fixture.crash();
  }
  expect(epochs).toEqual([...new Set(epochs)].sort((a, b) => a - b));
  for (const [owner, seq] of heads.entries()) {
    const page = await fixture.join({ seat: 2, ids: [50 + owner], epoch: epochs[owner]!, seq });
    expect(page.peer.last('welcome').resumed).toBe(1);
    expect(seqsAfter(page, seq)).toEqual(upTo(page.peer.last('live').seq, seq + 1));
  }
});

test('P25 the epoch of a record is that of the last epoch record at or before it', async () => {
  const fixture = await createGameFixture();
  const first = await fixture.join({ seat: 1 });
  await play(fixture, first, 2);
  await fixture.crash();
  const page = await fixture.join({ seat: 2 });
  const epochs = page.records().filter((record) => record.kind === RecordKind.epoch);
  expect(epochs.map(({ seq, body }) => [seq, new Reader(body).varint()])).toEqual([
    [2, first.peer.last('welcome').epoch],
    [6, page.peer.last('welcome').epoch],
  ]);
});

test('P27 the epoch rises with every load, and is never below the clock in seconds', async () => {
  const fixture = await createGameFixture();
  const first = (await fixture.join()).peer.last('welcome').epoch;
  await fixture.crash();
  const second = (await fixture.join()).peer.last('welcome').epoch;
  await fixture.world.advance(3_600_000);
  await fixture.crash();
  const third = (await fixture.join()).peer.last('welcome').epoch;
  expect(second).toBe(first + 1);
  expect(third).toBe(Math.floor(fixture.world.clock.now() / 1000));
});

test('P26 zero events: a page of a room without moves reconnects and is resumed', async () => {
  const fixture = await createGameFixture();
  const first = await fixture.join({ ids: [1] });
  const { epoch } = first.peer.last('welcome');
  await fixture.world.advance(7 * 24 * 3_600_000);
  const again = await fixture.join({ ids: [1], epoch, seq: 2 });
  expect(again.peer.last('welcome').resumed).toBe(1);
});

test('P38 a resend is harmless after a restart, whether its echo was seen or not', async () => {
  const fixture = await createGameFixture();
  const before = await fixture.join({ ids: [5] });
  await play(fixture, before, 2);
  await fixture.crash();
  const after = await fixture.join({ ids: [5] });
  expect(after.peer.last('welcome').clients).toEqual([{ number: 1, lastSeq: 2 }]);
  for (const seq of [1, 2, 3]) after.send(seq, `again ${seq}`);
  await fixture.commit();
  expect(after.moves()).toEqual(['m1', 'm2', 'again 3']);
});

test('P38 a room that was archived and trimmed is loaded with its head, client seqs and positions', async () => {
  const fixture = await createGameFixture();
  const before = await fixture.join({ ids: [5] });
  await play(fixture, before, 6);
  const { epoch } = before.peer.last('welcome');
  await fixture.store.sweep(fixture.log, ROOM, { perChunk: 3 });
  await fixture.crash();
  const old = await fixture.join({ seat: 2, epoch, seq: 4 });
  expect(old.peer.last('welcome').resumed).toBe(1);
  expect(seqsAfter(old, 4)).toEqual(upTo(10, 5));
  const fresh = await fixture.join({ seat: 3 });
  expect(fresh.seqs()).toEqual(upTo(10));
  const resender = await fixture.join({ ids: [5] });
  resender.send(6, 'again');
  resender.send(7);
  await fixture.commit();
  expect(resender.moves()).toEqual(['m1', 'm2', 'm3', 'm4', 'm5', 'm6', 'm7']);
  // The resent move still has its first record.
  expect(resender.records().find((record) => record.clientSeq === 6)?.seq).toBe(9);
});

test('P26 P48 a page that missed records detects it by a heartbeat and gets them by its position', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join({ seat: 1 });
  const ben = await fixture.join({ seat: 2 });
  await play(fixture, anna, 2);
  const seen = ben.seqs();
  // This record is lost between the socket and the page.
  anna.send(3);
  await fixture.commit();
  ben.ping(1);
  const { epoch, seq } = ben.peer.last('heartbeat');
  expect(seq).toBeGreaterThan(seen.at(-1)!);
  const again = await fixture.join({ seat: 2, epoch, seq: seen.at(-1)! });
  expect(again.moves(seen.at(-1))).toEqual(['m3']);
});

/** Replaces the server by a second one on the same log and store. Returns the first, which keeps running. */
function overtake(fixture: GameFixture): Game {
  const { game: before, world, log, store } = fixture;
  const ignore = (): void => {};
  fixture.game = createGame({
    world,
    log,
    store,
    keys: KEYS,
    slot: SLOT,
    onFinish: ignore,
    onBroken: ignore,
  });
  return before;
}

test('P26 P61 a fenced owner does not reset a page that comes from its successor', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join({ seat: 1 });
  await play(fixture, anna, 2);
  const before = overtake(fixture);
  const ben = await fixture.join({ seat: 2 });
  await play(fixture, ben, 2);
  const { epoch } = ben.peer.last('welcome');
  const seq = ben.seqs().at(-1)!;
  fixture.game = before;
  const again = await fixture.join({ seat: 2, ids: [7], epoch, seq });
  expect(again.peer.last('welcome').resumed).toBe(1);
  expect(anna.closedWith).toBe(4005);
});

test('P26 a later epoch that cannot be checked in the log causes no reset: 4006', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join({ seat: 1 });
  const { epoch, seq } = anna.peer.last('welcome');
  fixture.log.nextOpens.push({ ok: false, why: 'refused' });
  const ben = await fixture.join({ seat: 2, epoch: epoch + 1, seq });
  expect(ben.closedWith).toBe(4006);
  expect(anna.closedWith).toBeNull();
});

test('P37 P39 a fenced owner does not make a page renumber its messages', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join({ seat: 1 });
  const before = overtake(fixture);
  const ben = await fixture.join({ seat: 2, ids: [7] });
  await play(fixture, ben, 2);
  fixture.game = before;
  // A new page that took over Ben's outbox; it has no position that would show the later epoch.
  const next = await fixture.join({ seat: 2, ids: [8, 7] });
  next.send(3, 'm3', { client: 1 });
  await fixture.commit();
  expect(next.peer.names()).not.toContain('expect');
  expect([anna.closedWith, next.closedWith]).toEqual([4005, 4005]);
});
