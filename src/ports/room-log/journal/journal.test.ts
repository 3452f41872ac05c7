/** How the journal works beside the contract: pace, bounds, segments, and its format for ever. */
import { describe, expect, test } from 'bun:test';
import type { DiskCall } from '../../../../test/support/disks/disk.simulated.ts';
import {
  DIRECTORY,
  appendText,
  createJournalBench,
  openRoom,
  segmentsOf,
  textsOf,
} from '../../../../test/support/in-process/journal-fixture.ts';
import { EMPTY_HEAD } from '../room-log.ts';
import { segmentName } from './segment.ts';

const MINUTE = 60_000;

/** A bench that notes when each call of a kind was made. */
function createObserved(seed: number, delayMs: number) {
  const calls: { kind: DiskCall['kind']; at: number; path: string }[] = [];
  const bench = createJournalBench(seed, {
    delayMs: () => delayMs,
    trouble(call) {
      calls.push({ kind: call.kind, path: call.path, at: bench.world.clock.mono() });
      return null;
    },
  });
  const commits = () => calls.filter((call) => call.kind === 'writeDurably').map((call) => call.at);
  return { bench, calls, commits };
}

describe('pace', () => {
  test('a lone append is written at once, with one call of the disk', async () => {
    const { bench, calls } = createObserved(1, 0.25);
    const journal = await bench.open();
    await openRoom(bench, journal, 'a', 5);
    await bench.world.advance(100);
    calls.length = 0;
    const asked = bench.world.clock.mono();
    await bench.world.until(appendText(journal, 'a', 5, 0, 'one'));
    expect(calls.map(({ kind, at }) => [kind, at])).toEqual([['writeDurably', asked]]);
  });

  test('commits begin at least 2 ms apart, however much comes', async () => {
    const { bench, commits } = createObserved(1, 0.25);
    const journal = await bench.open({ segmentBytes: 1 << 20, stepBytes: 1 << 20 });
    const before = commits().length;
    await openRoom(bench, journal, 'a', 5);
    for (let seq = 0; seq < 50; seq++) await bench.world.until(appendText(journal, 'a', 5, seq, 'x'));
    const times = commits().slice(before);
    const gaps = times.slice(1).map((at, index) => at - times[index]!);
    expect(gaps.length).toBe(50);
    for (const gap of gaps) expect(gap).toBeGreaterThanOrEqual(2);
  });

  test('a commit that takes longer than 2 ms is followed at once by the next', async () => {
    const { bench, commits } = createObserved(1, 7);
    const journal = await bench.open();
    await Promise.all(['a', 'b'].map((room) => openRoom(bench, journal, room, 5)));
    const before = commits().length;
    const first = appendText(journal, 'a', 5, 0, 'x');
    await bench.world.advance(3);
    await bench.world.until(Promise.all([first, appendText(journal, 'b', 5, 0, 'x')]));
    const [one, two] = commits().slice(before);
    expect(two! - one!).toBe(7);
  });

  test('a commit takes everything queued, and all of it is answered together', async () => {
    const { bench, commits } = createObserved(1, 1);
    const journal = await bench.open({ segmentBytes: 1 << 20 });
    const rooms = Array.from({ length: 300 }, (_, index) => `room${index}`);
    await Promise.all(rooms.map((room) => openRoom(bench, journal, room, 5)));
    const before = commits().length;
    const answered = new Set<number>();
    const appends = rooms.map(async (room) => {
      expect(await appendText(journal, room, 5, 0, 'x')).toBe('committed');
      answered.add(bench.world.clock.mono());
    });
    await bench.world.until(Promise.all(appends));
    expect(commits().length - before).toBe(1);
    expect(answered.size).toBe(1);
  });

  test('trims alone wait for company up to a second; then one commit takes them all', async () => {
    const { bench, commits } = createObserved(1, 1);
    const journal = await bench.open();
    const rooms = ['a', 'b', 'c'];
    await Promise.all(rooms.map((room) => openRoom(bench, journal, room, 5)));
    await bench.world.until(Promise.all(rooms.map((room) => appendText(journal, room, 5, 0, 'x'))));
    const before = commits().length;
    for (const room of rooms) await journal.trim(room, 1);
    await bench.world.advance(999);
    expect(commits().length - before).toBe(0);
    await bench.world.advance(2);
    expect(commits().length - before).toBe(1);
    bench.cut('everything');
    expect(await (await bench.open()).liveRooms()).toEqual([]);
  });
});

describe('bounds', () => {
  test('beyond the queue bound appends are refused, and those queued are committed', async () => {
    const { bench } = createObserved(1, 5);
    const journal = await bench.open({ queueBytesMax: 5_000 });
    const rooms = ['a', 'b', 'c', 'd', 'e', 'f'];
    await Promise.all(rooms.map((room) => openRoom(bench, journal, room, 5)));
    const appends = rooms.map((room) => appendText(journal, room, 5, 0, 'x'.repeat(1_000)));
    const outcomes = await bench.world.until(Promise.all(appends));
    expect(outcomes).toEqual(['committed', 'committed', 'committed', 'committed', 'refused', 'refused']);
    expect(await bench.world.until(appendText(journal, 'f', 5, 0, 'x'))).toBe('committed');
  });

  test('when too much is live the journal holds until the archive has caught up', async () => {
    const bench = createJournalBench(1);
    const journal = await bench.open({ liveBytesMax: 10_000 });
    const states: string[] = [];
    journal.onState((state) => states.push(state));
    await openRoom(bench, journal, 'a', 5);
    let head = 0;
    while ((await bench.world.until(appendText(journal, 'a', 5, head, 'x'.repeat(999)))) === 'committed')
      head++;
    expect(head).toBe(10);
    await bench.world.advance(30_000);
    expect(states).toEqual(['hold']);
    await journal.trim('a', 6);
    await bench.world.advance(10_000);
    expect(states).toEqual(['hold', 'serving']);
    expect(await bench.world.until(appendText(journal, 'a', 5, head, 'x'))).toBe('committed');
  });

  test('an empty append, and a name that is no room, are bugs and throw', async () => {
    const bench = createJournalBench(1);
    const journal = await bench.open();
    await openRoom(bench, journal, 'a', 5);
    const nothing = { room: 'a', epoch: 5, prevSeq: 0, lastSeq: 1, lastMs: 1, records: new Uint8Array(0) };
    expect(() => journal.append(nothing)).toThrow('nothing to append');
    for (const name of ['', 'with space', 'ü', 'x'.repeat(65)]) {
      expect(() => journal.open(name, 5, EMPTY_HEAD)).toThrow('not the name of a room');
    }
  });
});

describe('segments', () => {
  const LONG = 'x'.repeat(900);

  async function filled(appends: number) {
    const bench = createJournalBench(1);
    const journal = await bench.open();
    await openRoom(bench, journal, 'a', 5);
    for (let seq = 0; seq < appends; seq++) {
      expect(await bench.world.until(appendText(journal, 'a', 5, seq, `${seq} ${LONG}`))).toBe('committed');
    }
    return { bench, journal };
  }
  test('a segment is removed 10 minutes after everything in it was trimmed, not before', async () => {
    const { bench, journal } = await filled(40);
    const all = await segmentsOf(bench);
    expect(all.length).toBeGreaterThan(2);
    await bench.world.advance(30 * MINUTE);
    expect(await segmentsOf(bench)).toEqual(all);
    await journal.trim('a', 40);
    await bench.world.advance(9 * MINUTE);
    expect(await segmentsOf(bench)).toEqual(all);
    await bench.world.advance(3 * MINUTE);
    expect(await segmentsOf(bench)).toEqual(all.slice(-1));
    expect(await bench.world.until(appendText(journal, 'a', 5, 40, 'next'))).toBe('committed');
    bench.cut('everything');
    const again = await bench.open();
    expect(await textsOf(again, 'a')).toEqual(['next']);
    expect(await bench.world.until(again.open('a', 5, EMPTY_HEAD))).toMatchObject({
      why: 'fenced',
      epoch: 5,
    });
  });

  test('a room that is never trimmed keeps only the segments that hold its entries', async () => {
    const { bench, journal } = await filled(3);
    await openRoom(bench, journal, 'b', 5);
    for (let seq = 0; seq < 60; seq++) await bench.world.until(appendText(journal, 'b', 5, seq, LONG));
    await journal.trim('b', 60);
    await bench.world.advance(15 * MINUTE);
    expect((await segmentsOf(bench)).length).toBe(2);
    expect((await journal.liveRooms()).map((room) => room.room)).toEqual(['a']);
    bench.cut('everything');
    const again = await bench.open();
    expect((await textsOf(again, 'a')).length).toBe(3);
  });

  test('segments that nothing needs are not read at the next start, and go 10 minutes later', async () => {
    const { bench, journal } = await filled(40);
    await journal.trim('a', 40);
    await bench.world.advance(5_000);
    // The next segment's snapshot says that nothing older is needed.
    for (let seq = 40; (await segmentsOf(bench)).at(-1) === segmentName(3); seq++) {
      await bench.world.until(appendText(journal, 'a', 5, seq, LONG));
      await journal.trim('a', seq);
    }
    const before = await segmentsOf(bench);
    bench.cut('everything');
    for (const name of before.slice(0, 2)) bench.disk.place(`${DIRECTORY}/${name}`, new Uint8Array(3));
    await bench.open();
    await bench.world.advance(9 * MINUTE);
    expect(await segmentsOf(bench)).toEqual(before);
    await bench.world.advance(3 * MINUTE);
    expect((await segmentsOf(bench)).length).toBeLessThan(before.length - 1);
  });

  test('a trim during an opening that begins a new segment is not taken back by the fence', async () => {
    const { bench } = createObserved(1, 0.5);
    const journal = await bench.open();
    await openRoom(bench, journal, 'a', 5);
    // Header, snapshot, fence, 14 × 2 and 1 sector: all 32 sectors of the segment are used.
    for (let seq = 0; seq < 15; seq++) {
      await bench.world.until(appendText(journal, 'a', 5, seq, seq < 14 ? LONG : 'x'));
    }
    expect(await segmentsOf(bench)).toEqual([segmentName(1)]);
    // The fence is in the making while the snapshot of the next segment says that 3 are trimmed.
    await bench.world.advance(10);
    const reopened = journal.open('a', 6, EMPTY_HEAD);
    await Promise.resolve();
    await journal.trim('a', 3);
    expect(await bench.world.until(reopened)).toMatchObject({ ok: true, trimmed: 3 });
    bench.cut('everything');
    const again = await bench.open();
    expect(await segmentsOf(bench)).toEqual([segmentName(1), segmentName(2)]);
    expect((await textsOf(again, 'a')).length).toBe(12);
    expect(await again.liveRooms()).toMatchObject([{ room: 'a', trimmed: 3 }]);
  });

  test('a start that was cut off leaves nothing behind, and each start is counted', async () => {
    const bench = createJournalBench(1);
    await (await bench.open()).close();
    bench.disk.place(`${DIRECTORY}/000000000001.new`, new Uint8Array(100));
    const journal = await bench.open();
    expect(journal.boot).toBe(2);
    expect(await bench.disk.list(DIRECTORY)).toEqual([segmentName(1)]);
  });

  test('rooms left over from before a restart are forgotten when nobody opens them', async () => {
    const bench = createJournalBench(1);
    const journal = await bench.open();
    await openRoom(bench, journal, 'a', 5);
    bench.cut('everything');
    const again = await bench.open();
    await bench.world.advance(5 * MINUTE);
    expect(await bench.world.until(again.open('a', 4, EMPTY_HEAD))).toMatchObject({ why: 'fenced' });
    await bench.world.advance(10 * MINUTE);
    expect(await bench.world.until(again.open('a', 4, EMPTY_HEAD))).toMatchObject({ ok: true });
  });
});
