/** Live entries in memory: when they are joined into one run, and when not. */
import { expect, test } from 'bun:test';
import {
  createJournalFixture,
  openRoom,
  segmentsOf,
} from '../../../../test/support/in-process/journal-fixture.ts';
import type { Journal } from '../room-log.journal.ts';
import { RUN_BYTES_MAX, StoredRun } from './journal-room.ts';

const ALL = Number.MAX_SAFE_INTEGER;
const segment = { number: 1, liveRuns: 0, liveBytes: 0, rooms: new Set<never>(), unusedSince: null };
const location = { segment, at: 0 };
const bytes = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);

function append(journal: Journal, seq: number, records: Uint8Array) {
  return journal.append({ room: 'a', epoch: 5, prevSeq: seq - 1, lastSeq: seq, lastMs: seq, records });
}

test('consecutive entries are joined into one run up to RUN_BYTES_MAX, bytes unchanged', () => {
  const run = new StoredRun(1, 1, bytes(100, 1), location);
  let last = 1;
  while (run.join(last + 1, bytes(100, last + 1), location)) last++;
  expect({ first: run.first, last: run.last, length: run.length }).toEqual({
    first: 1,
    last: RUN_BYTES_MAX / 100 - ((RUN_BYTES_MAX / 100) % 1),
    length: 100 * last,
  });
  const joined = Array.from({ length: last }, (_, index) => [...bytes(100, index + 1)]).flat();
  expect([...run.records]).toEqual(joined);
});

test('records read before a join do not change', () => {
  const run = new StoredRun(1, 1, bytes(10, 1), location);
  const before = run.records;
  run.join(2, bytes(10, 2), location);
  const between = run.records;
  for (let seq = 3; seq < 50; seq++) run.join(seq, bytes(10, seq), location);
  expect([...before]).toEqual([...bytes(10, 1)]);
  expect([...between]).toEqual([...bytes(10, 1), ...bytes(10, 2)]);
});

test('nothing is joined to a run of another segment, or to a sealed run', () => {
  const run = new StoredRun(1, 1, bytes(10, 1), location);
  expect(run.join(2, bytes(10, 2), { segment: { ...segment, number: 2 }, at: 0 })).toBe(false);
  expect(run.seal().join(2, bytes(10, 2), location)).toBe(false);
});

test('a trim drops exactly what was read, whatever was appended meanwhile', async () => {
  const fixture = createJournalFixture(1);
  const journal = await fixture.open();
  await openRoom(fixture, journal, 'a', 5);
  for (let seq = 1; seq <= 5; seq++) await fixture.world.until(append(journal, seq, bytes(10, seq)));
  const read = await journal.read('a', 0, ALL);
  expect(read.map(({ first, last }) => [first, last])).toEqual([[1, 5]]);
  for (let seq = 6; seq <= 8; seq++) await fixture.world.until(append(journal, seq, bytes(10, seq)));
  await journal.trim('a', read.at(-1)!.last);
  const left = await journal.read('a', 0, ALL);
  expect(left.map(({ first, last, records }) => [first, last, records.length])).toEqual([[6, 8, 30]]);
  expect(await journal.liveRooms()).toMatchObject([{ trimmed: 5, bytes: 30 }]);
});

test('entries joined in memory are separate on disk, and are recovered after a power cut', async () => {
  const fixture = createJournalFixture(1);
  const journal = await fixture.open();
  await openRoom(fixture, journal, 'a', 5);
  for (let seq = 1; seq <= 5; seq++) await fixture.world.until(append(journal, seq, bytes(10, seq)));
  fixture.powerCut('everything');
  const again = await fixture.open();
  expect((await segmentsOf(fixture)).length).toBe(1);
  const runs = await again.read('a', 0, ALL);
  expect(runs.map(({ first, last }) => [first, last])).toEqual([1, 2, 3, 4, 5].map((seq) => [seq, seq]));
  expect(await fixture.world.until(again.open('a', 6, { epoch: 0, seq: 0, ms: 0 }))).toMatchObject({
    ok: true,
  });
});
