/** Compaction: rooms that are not archived keep their entries, but do not keep old segments. */
import { expect, test } from 'bun:test';
import {
  DIRECTORY,
  type JournalFixture,
  appendText,
  createJournalFixture,
  openRoom,
  segmentsOf,
  textsOf,
} from '../../../../test/support/in-process/journal-fixture.ts';
import { CommitBatch } from './commit-batch.ts';
import type { Journal } from '../room-log.journal.ts';
import { EMPTY_HEAD } from '../room-log.ts';
import { JournalRooms } from './journal-rooms.ts';
import { segmentName } from './segment.ts';
import { StoredRun } from './journal-room.ts';

const MINUTE = 60_000;
const LIMITS = { compactionLagSegments: 2, sparesMax: 4 };
const LONG = 'x'.repeat(900);
const STUCK = ['stuck one', 'stuck two', 'stuck three'];

interface Play {
  readonly fixture: JournalFixture;
  readonly journal: Journal;
  /** Number of entries of the room that is archived. */
  busy: number;
}

/** Room `stuck` has three entries in the first segment; room `busy` fills the later ones. */
async function played(fixture: JournalFixture): Promise<Play> {
  const journal = await fixture.open(LIMITS);
  await openRoom(fixture, journal, 'stuck', 5);
  await openRoom(fixture, journal, 'busy', 5);
  for (const [seq, text] of STUCK.entries()) {
    expect(await fixture.world.until(appendText(journal, 'stuck', 5, seq, text))).toBe('committed');
  }
  return { fixture, journal, busy: 0 };
}

async function fillTo(play: Play, segment: number): Promise<void> {
  const { fixture, journal } = play;
  while ((await segmentsOf(fixture)).at(-1)! < segmentName(segment)) {
    for (let more = 0; more < 5; more++) {
      expect(await fixture.world.until(appendText(journal, 'busy', 5, play.busy, LONG))).toBe('committed');
      await journal.trim('busy', ++play.busy);
    }
  }
}

test('the entries of a room that is never archived are moved, and its old segment is removed', async () => {
  const play = await played(createJournalFixture(1));
  const { fixture, journal } = play;
  await fillTo(play, 3);
  await fixture.world.advance(2 * MINUTE);
  expect(await segmentsOf(fixture)).toContain(segmentName(1));
  await fillTo(play, 4);
  await fixture.world.advance(15 * MINUTE);
  expect(await segmentsOf(fixture)).toEqual([segmentName(4)]);
  expect(await textsOf(journal, 'stuck')).toEqual(STUCK);
  expect(await journal.liveRooms()).toMatchObject([{ room: 'stuck', trimmed: 0, head: { seq: 3 } }]);
  for (let round = 0; round < 2; round++) {
    fixture.powerCut('everything');
    expect(await textsOf(await fixture.open(LIMITS), 'stuck')).toEqual(STUCK);
  }
});

test('moved entries can be appended to, moved again and trimmed', async () => {
  const play = await played(createJournalFixture(1));
  const { fixture, journal } = play;
  await fillTo(play, 5);
  await fixture.world.advance(15 * MINUTE);
  expect(await fixture.world.until(appendText(journal, 'stuck', 5, 3, 'stuck four'))).toBe('committed');
  await fillTo(play, 9);
  await fixture.world.advance(15 * MINUTE);
  expect(await segmentsOf(fixture)).toEqual([segmentName(9)]);
  expect(await textsOf(journal, 'stuck')).toEqual([...STUCK, 'stuck four']);
  await journal.trim('stuck', 2);
  await fixture.world.advance(2_000);
  fixture.powerCut('everything');
  const again = await fixture.open(LIMITS);
  expect(await textsOf(again, 'stuck')).toEqual([STUCK[2]!, 'stuck four']);
  expect(await fixture.world.until(again.open('stuck', 6, EMPTY_HEAD))).toMatchObject({ head: { seq: 4 } });
});

test('segments with many live bytes are not compacted: it would never end', async () => {
  const fixture = createJournalFixture(1);
  const journal = await fixture.open(LIMITS);
  await openRoom(fixture, journal, 'a', 5);
  for (let seq = 0; seq < 100; seq++) await fixture.world.until(appendText(journal, 'a', 5, seq, LONG));
  const before = await segmentsOf(fixture);
  expect(before.length).toBeGreaterThan(5);
  const calls = fixture.disk.calls;
  await fixture.world.advance(5 * MINUTE + 30_000);
  // One call for the free space per minute.
  expect(fixture.disk.calls - calls).toBe(5);
  expect(await segmentsOf(fixture)).toEqual(before);
});

for (const when of ['before', 'after'] as const) {
  test(`entries trimmed just ${when} the commit that moves them starts stay trimmed`, () => {
    const rooms = new JournalRooms(() => 0);
    const room = rooms.getOrCreate('stuck');
    rooms.setState(room, { epoch: 5, seq: 3, ms: 3, trimmed: 0 });
    const location = { segment: rooms.usageOf(1), at: 0 };
    rooms.addRun(room, new StoredRun(1, 3, new Uint8Array(9), location));
    const outcomes: boolean[] = [];
    const batch = new CommitBatch(rooms);
    room.pending++;
    const move = {
      kind: 'move',
      room,
      runs: [...room.runs],
      resolve: (moved: boolean) => outcomes.push(moved),
    } as const;
    if (when === 'before') rooms.trim(room, 3);
    batch.take([move], []);
    expect(batch.isEmpty).toBe(when === 'before');
    rooms.trim(room, 3);
    if (when === 'after') batch.apply({ segment: rooms.usageOf(2), at: 0 });
    expect(outcomes).toEqual([true]);
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

test('on a full disk nothing is moved or lost, and compaction continues when there is space', async () => {
  const play = await played(createJournalFixture(1));
  const { fixture, journal } = play;
  await fillTo(play, 5);
  fixture.disk.setCapacity(fixture.disk.usedBytes());
  while ((await fixture.world.until(appendText(journal, 'busy', 5, play.busy, 'x'))) === 'committed')
    play.busy++;
  await fixture.world.advance(3 * MINUTE);
  expect(await segmentsOf(fixture)).toContain(segmentName(1));
  expect(await textsOf(journal, 'stuck')).toEqual(STUCK);
  fixture.disk.setCapacity(Number.POSITIVE_INFINITY);
  await fixture.world.advance(15 * MINUTE);
  expect(await segmentsOf(fixture)).not.toContain(segmentName(1));
  expect(await textsOf(journal, 'stuck')).toEqual(STUCK);
});

/** The files of a journal whose first segment will be compacted. */
async function sparseFiles(): Promise<ReadonlyMap<string, Uint8Array>> {
  const play = await played(createJournalFixture(1));
  await fillTo(play, 5);
  await play.fixture.world.advance(2_000);
  const names = await segmentsOf(play.fixture);
  return new Map(names.map((name) => [name, play.fixture.disk.peek(`${DIRECTORY}/${name}`)!]));
}

/** Cuts the power `ms` - 5 ms after `moment`. Returns whether the first segment was gone by then. */
async function powerCutAt(
  files: ReadonlyMap<string, Uint8Array>,
  moment: number,
  ms: number,
  loss: 'everything' | 'random',
): Promise<boolean> {
  const fixture = createJournalFixture(ms + 1, { delayMs: () => 1 });
  for (const [name, bytes] of files) fixture.disk.putFile(`${DIRECTORY}/${name}`, bytes);
  await fixture.open(LIMITS);
  await fixture.world.advance(moment - 5 - fixture.world.clock.mono());
  await fixture.world.advance(ms);
  fixture.powerCut(loss);
  const gone = fixture.disk.peek(`${DIRECTORY}/${segmentName(1)}`) === null;
  const journal = await fixture.open(LIMITS);
  expect([moment, ms, loss, await textsOf(journal, 'stuck')]).toEqual([moment, ms, loss, STUCK]);
  expect((await journal.liveRooms()).map(({ room }) => room)).toEqual(['stuck']);
  return gone;
}

test('a power cut at any step of moving loses nothing and duplicates nothing', async () => {
  const files = await sparseFiles();
  for (const loss of ['everything', 'random'] as const) {
    const outcomes = new Set<boolean>();
    // Entries are moved one minute after the start; a sweep ten minutes later recycles the segment.
    for (const moment of [MINUTE, 11 * MINUTE]) {
      for (let ms = 0; ms < 80; ms++) outcomes.add(await powerCutAt(files, moment, ms, loss));
    }
    expect(outcomes).toEqual(new Set([true, false]));
  }
}, 60_000);
