/** Rooms that nobody archives keep their entries, and do not keep old segments for ever. */
import { expect, test } from 'bun:test';
import {
  DIRECTORY,
  type JournalBench,
  appendText,
  createJournalBench,
  openRoom,
  segmentsOf,
  textsOf,
} from '../../../../test/support/in-process/journal-fixture.ts';
import { CommitBatch } from './commit-batch.ts';
import type { Journal } from '../room-log.journal.ts';
import { EMPTY_HEAD } from '../room-log.ts';
import { JournalRooms } from './journal-rooms.ts';
import { segmentName } from './segment.ts';
import { StoredRun } from './stored-run.ts';

const MINUTE = 60_000;
const LIMITS = { segmentsBehindMax: 2, sparesMax: 4 };
const LONG = 'x'.repeat(900);
const STUCK = ['stuck one', 'stuck two', 'stuck three'];

interface Play {
  readonly bench: JournalBench;
  readonly journal: Journal;
  /** Entries of the room that is archived as it should be. */
  busy: number;
}

/** Room `stuck` has three entries in the first segment; room `busy` fills the others. */
async function played(bench: JournalBench): Promise<Play> {
  const journal = await bench.open(LIMITS);
  await openRoom(bench, journal, 'stuck', 5);
  await openRoom(bench, journal, 'busy', 5);
  for (const [seq, text] of STUCK.entries()) {
    expect(await bench.world.until(appendText(journal, 'stuck', 5, seq, text))).toBe('committed');
  }
  return { bench, journal, busy: 0 };
}

async function fillTo(play: Play, segment: number): Promise<void> {
  const { bench, journal } = play;
  while ((await segmentsOf(bench)).at(-1)! < segmentName(segment)) {
    for (let more = 0; more < 5; more++) {
      expect(await bench.world.until(appendText(journal, 'busy', 5, play.busy, LONG))).toBe('committed');
      await journal.trim('busy', ++play.busy);
    }
  }
}

test('the entries of a room that is never archived move on, and its old segment goes', async () => {
  const play = await played(createJournalBench(1));
  const { bench, journal } = play;
  await fillTo(play, 3);
  await bench.world.advance(2 * MINUTE);
  expect(await segmentsOf(bench)).toContain(segmentName(1));
  await fillTo(play, 4);
  await bench.world.advance(15 * MINUTE);
  expect(await segmentsOf(bench)).toEqual([segmentName(4)]);
  expect(await textsOf(journal, 'stuck')).toEqual(STUCK);
  expect(await journal.liveRooms()).toMatchObject([{ room: 'stuck', trimmed: 0, head: { seq: 3 } }]);
  for (let round = 0; round < 2; round++) {
    bench.cut('everything');
    expect(await textsOf(await bench.open(LIMITS), 'stuck')).toEqual(STUCK);
  }
});

test('what has moved is appended to, moved again, trimmed and forgotten like anything else', async () => {
  const play = await played(createJournalBench(1));
  const { bench, journal } = play;
  await fillTo(play, 5);
  await bench.world.advance(15 * MINUTE);
  expect(await bench.world.until(appendText(journal, 'stuck', 5, 3, 'stuck four'))).toBe('committed');
  await fillTo(play, 9);
  await bench.world.advance(15 * MINUTE);
  expect(await segmentsOf(bench)).toEqual([segmentName(9)]);
  expect(await textsOf(journal, 'stuck')).toEqual([...STUCK, 'stuck four']);
  await journal.trim('stuck', 2);
  await bench.world.advance(2_000);
  bench.cut('everything');
  const again = await bench.open(LIMITS);
  expect(await textsOf(again, 'stuck')).toEqual([STUCK[2]!, 'stuck four']);
  expect(await bench.world.until(again.open('stuck', 6, EMPTY_HEAD))).toMatchObject({ head: { seq: 4 } });
});

test('segments of which much is live are left alone: writing them again would not end', async () => {
  const bench = createJournalBench(1);
  const journal = await bench.open(LIMITS);
  await openRoom(bench, journal, 'a', 5);
  for (let seq = 0; seq < 100; seq++) await bench.world.until(appendText(journal, 'a', 5, seq, LONG));
  const before = await segmentsOf(bench);
  expect(before.length).toBeGreaterThan(5);
  const calls = bench.disk.calls;
  await bench.world.advance(5 * MINUTE + 30_000);
  // A look at the free space each minute.
  expect(bench.disk.calls - calls).toBe(5);
  expect(await segmentsOf(bench)).toEqual(before);
});

for (const when of ['before', 'after'] as const) {
  test(`entries trimmed just ${when} their second commit is begun do not come back`, () => {
    const rooms = new JournalRooms(() => 0);
    const room = rooms.ensure('stuck');
    rooms.place(room, { epoch: 5, seq: 3, ms: 3, trimmed: 0 });
    const place = { segment: rooms.segment(1), at: 0 };
    rooms.addRun(room, new StoredRun(1, 3, new Uint8Array(9), place));
    const answers: boolean[] = [];
    const batch = new CommitBatch(rooms);
    room.pending++;
    const move = {
      kind: 'move',
      room,
      runs: [...room.runs],
      answer: (moved: boolean) => answers.push(moved),
    } as const;
    if (when === 'before') rooms.trim(room, 3);
    batch.take([move], []);
    expect(batch.isEmpty).toBe(when === 'before');
    rooms.trim(room, 3);
    if (when === 'after') batch.apply({ segment: rooms.segment(2), at: 0 });
    expect(answers).toEqual([true]);
    expect({ runs: room.runs, pending: room.pending, bytes: rooms.bytes }).toEqual({
      runs: [],
      pending: 0,
      bytes: 0,
    });
    expect([...rooms.segments()].map(({ liveRuns, liveBytes }) => liveRuns + liveBytes)).toEqual(
      when === 'before' ? [0] : [0, 0],
    );
  });
}

test('on a full disk nothing is moved, nothing is lost, and it goes on when there is room', async () => {
  const play = await played(createJournalBench(1));
  const { bench, journal } = play;
  await fillTo(play, 5);
  bench.disk.setCapacity(bench.disk.usedBytes());
  while ((await bench.world.until(appendText(journal, 'busy', 5, play.busy, 'x'))) === 'committed')
    play.busy++;
  await bench.world.advance(3 * MINUTE);
  expect(await segmentsOf(bench)).toContain(segmentName(1));
  expect(await textsOf(journal, 'stuck')).toEqual(STUCK);
  bench.disk.setCapacity(Number.POSITIVE_INFINITY);
  await bench.world.advance(15 * MINUTE);
  expect(await segmentsOf(bench)).not.toContain(segmentName(1));
  expect(await textsOf(journal, 'stuck')).toEqual(STUCK);
});

/** The files of a journal whose first segment is worth emptying. */
async function sparseFiles(): Promise<ReadonlyMap<string, Uint8Array>> {
  const play = await played(createJournalBench(1));
  await fillTo(play, 5);
  await play.bench.world.advance(2_000);
  const names = await segmentsOf(play.bench);
  return new Map(names.map((name) => [name, play.bench.disk.peek(`${DIRECTORY}/${name}`)!]));
}

/** Cut off so long after the moment given; answers whether the first segment was gone by then. */
async function cutAt(
  files: ReadonlyMap<string, Uint8Array>,
  moment: number,
  ms: number,
  loss: 'everything' | 'random',
): Promise<boolean> {
  const bench = createJournalBench(ms + 1, { delayMs: () => 1 });
  for (const [name, bytes] of files) bench.disk.place(`${DIRECTORY}/${name}`, bytes);
  await bench.open(LIMITS);
  await bench.world.advance(moment - 5 - bench.world.clock.mono());
  await bench.world.advance(ms);
  bench.cut(loss);
  const gone = bench.disk.peek(`${DIRECTORY}/${segmentName(1)}`) === null;
  const journal = await bench.open(LIMITS);
  expect([moment, ms, loss, await textsOf(journal, 'stuck')]).toEqual([moment, ms, loss, STUCK]);
  expect((await journal.liveRooms()).map(({ room }) => room)).toEqual(['stuck']);
  return gone;
}

test('a cut at any step of moving loses nothing, and nothing is there twice', async () => {
  const files = await sparseFiles();
  for (const loss of ['everything', 'random'] as const) {
    const outcomes = new Set<boolean>();
    // A minute after the start entries move; a sweep ten minutes later puts the segment aside.
    for (const moment of [MINUTE, 11 * MINUTE]) {
      for (let ms = 0; ms < 80; ms++) outcomes.add(await cutAt(files, moment, ms, loss));
    }
    expect(outcomes).toEqual(new Set([true, false]));
  }
}, 60_000);
