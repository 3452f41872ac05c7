/** The journal beyond the room log's contract: commit timing, limits, segments and retention. */
import { describe, expect, test } from 'bun:test';
import type { DiskCall } from '../../../../test/support/disks/disk.simulated.ts';
import {
  DIRECTORY,
  appendText,
  createJournalFixture,
  openRoom,
  segmentsOf,
  textsOf,
} from '../../../../test/support/in-process/journal-fixture.ts';
import { EMPTY_HEAD } from '../room-log.ts';
import { segmentName } from './segment.ts';

const MINUTE = 60_000;

/** A fixture that records the disk calls. */
function createObserved(seed: number, delayMs: number) {
  const calls: { kind: DiskCall['kind']; at: number; path: string }[] = [];
  const fixture = createJournalFixture(seed, {
    delayMs: () => delayMs,
    injectFault(call) {
      calls.push({ kind: call.kind, path: call.path, at: fixture.world.clock.mono() });
      return null;
    },
  });
  const commits = () => calls.filter((call) => call.kind === 'writeDurably').map((call) => call.at);
  return { fixture, calls, commits };
}

describe('commit timing', () => {
  test('a single append is written at once, with one disk call', async () => {
    const { fixture, calls } = createObserved(1, 0.25);
    const journal = await fixture.open();
    await openRoom(fixture, journal, 'a', 5);
    await fixture.world.advance(100);
    calls.length = 0;
    const calledAt = fixture.world.clock.mono();
    await fixture.world.until(appendText(journal, 'a', 5, 0, 'one'));
    expect(calls.map(({ kind, at }) => [kind, at])).toEqual([['writeDurably', calledAt]]);
  });

  test('commits start at least 2 ms apart under any load', async () => {
    const { fixture, commits } = createObserved(1, 0.25);
    const journal = await fixture.open({ segmentBytes: 1 << 20, stepBytes: 1 << 20 });
    const before = commits().length;
    await openRoom(fixture, journal, 'a', 5);
    for (let seq = 0; seq < 50; seq++) await fixture.world.until(appendText(journal, 'a', 5, seq, 'x'));
    const times = commits().slice(before);
    const gaps = times.slice(1).map((at, index) => at - times[index]!);
    expect(gaps.length).toBe(50);
    for (const gap of gaps) expect(gap).toBeGreaterThanOrEqual(2);
  });

  test('after a commit that takes longer than 2 ms the next one starts at once', async () => {
    const { fixture, commits } = createObserved(1, 7);
    const journal = await fixture.open();
    await Promise.all(['a', 'b'].map((room) => openRoom(fixture, journal, room, 5)));
    const before = commits().length;
    const first = appendText(journal, 'a', 5, 0, 'x');
    await fixture.world.advance(3);
    await fixture.world.until(Promise.all([first, appendText(journal, 'b', 5, 0, 'x')]));
    const [one, two] = commits().slice(before);
    expect(two! - one!).toBe(7);
  });

  test('a commit takes everything queued and resolves it together', async () => {
    const { fixture, commits } = createObserved(1, 1);
    const journal = await fixture.open({ segmentBytes: 1 << 20 });
    const rooms = Array.from({ length: 300 }, (_, index) => `room${index}`);
    await Promise.all(rooms.map((room) => openRoom(fixture, journal, room, 5)));
    const before = commits().length;
    const resolvedAt = new Set<number>();
    const appends = rooms.map(async (room) => {
      expect(await appendText(journal, room, 5, 0, 'x')).toBe('committed');
      resolvedAt.add(fixture.world.clock.mono());
    });
    await fixture.world.until(Promise.all(appends));
    expect(commits().length - before).toBe(1);
    expect(resolvedAt.size).toBe(1);
  });

  test('trims without other operations wait up to a second; then one commit takes them all', async () => {
    const { fixture, commits } = createObserved(1, 1);
    const journal = await fixture.open();
    const rooms = ['a', 'b', 'c'];
    await Promise.all(rooms.map((room) => openRoom(fixture, journal, room, 5)));
    await fixture.world.until(Promise.all(rooms.map((room) => appendText(journal, room, 5, 0, 'x'))));
    const before = commits().length;
    for (const room of rooms) await journal.trim(room, 1);
    await fixture.world.advance(999);
    expect(commits().length - before).toBe(0);
    await fixture.world.advance(2);
    expect(commits().length - before).toBe(1);
    fixture.powerCut('everything');
    expect(await (await fixture.open()).liveRooms()).toEqual([]);
  });
});

describe('limits', () => {
  test('appends beyond the queue limit are refused, and queued ones are committed', async () => {
    const { fixture } = createObserved(1, 5);
    const journal = await fixture.open({ queueBytesMax: 5_000 });
    const rooms = ['a', 'b', 'c', 'd', 'e', 'f'];
    await Promise.all(rooms.map((room) => openRoom(fixture, journal, room, 5)));
    const appends = rooms.map((room) => appendText(journal, room, 5, 0, 'x'.repeat(1_000)));
    const outcomes = await fixture.world.until(Promise.all(appends));
    expect(outcomes).toEqual(['committed', 'committed', 'committed', 'committed', 'refused', 'refused']);
    expect(await fixture.world.until(appendText(journal, 'f', 5, 0, 'x'))).toBe('committed');
  });

  test('with too many live bytes the journal is on hold until enough is trimmed', async () => {
    const fixture = createJournalFixture(1);
    const journal = await fixture.open({ liveBytesMax: 10_000 });
    const states: string[] = [];
    journal.onState((state) => states.push(state));
    await openRoom(fixture, journal, 'a', 5);
    let head = 0;
    while ((await fixture.world.until(appendText(journal, 'a', 5, head, 'x'.repeat(999)))) === 'committed')
      head++;
    expect(head).toBe(10);
    await fixture.world.advance(30_000);
    expect(states).toEqual(['hold']);
    await journal.trim('a', 6);
    await fixture.world.advance(10_000);
    expect(states).toEqual(['hold', 'serving']);
    expect(await fixture.world.until(appendText(journal, 'a', 5, head, 'x'))).toBe('committed');
  });

  test('an empty append and an invalid room name are bugs and throw', async () => {
    const fixture = createJournalFixture(1);
    const journal = await fixture.open();
    await openRoom(fixture, journal, 'a', 5);
    const nothing = { room: 'a', epoch: 5, prevSeq: 0, lastSeq: 1, lastMs: 1, records: new Uint8Array(0) };
    expect(() => journal.append(nothing)).toThrow('nothing to append');
    for (const name of ['', 'with space', 'ü', 'x'.repeat(65)]) {
      expect(() => journal.open(name, 5, EMPTY_HEAD)).toThrow('invalid room name');
    }
  });
});

describe('segments', () => {
  const LONG = 'x'.repeat(900);

  async function filled(appends: number) {
    const fixture = createJournalFixture(1);
    const journal = await fixture.open();
    await openRoom(fixture, journal, 'a', 5);
    for (let seq = 0; seq < appends; seq++) {
      expect(await fixture.world.until(appendText(journal, 'a', 5, seq, `${seq} ${LONG}`))).toBe('committed');
    }
    return { fixture, journal };
  }
  test('a segment is removed 10 minutes after all its entries were trimmed, not before', async () => {
    const { fixture, journal } = await filled(40);
    const all = await segmentsOf(fixture);
    expect(all.length).toBeGreaterThan(2);
    await fixture.world.advance(30 * MINUTE);
    expect(await segmentsOf(fixture)).toEqual(all);
    await journal.trim('a', 40);
    await fixture.world.advance(9 * MINUTE);
    expect(await segmentsOf(fixture)).toEqual(all);
    await fixture.world.advance(3 * MINUTE);
    expect(await segmentsOf(fixture)).toEqual(all.slice(-1));
    expect(await fixture.world.until(appendText(journal, 'a', 5, 40, 'next'))).toBe('committed');
    fixture.powerCut('everything');
    const again = await fixture.open();
    expect(await textsOf(again, 'a')).toEqual(['next']);
    expect(await fixture.world.until(again.open('a', 5, EMPTY_HEAD))).toMatchObject({
      why: 'fenced',
      epoch: 5,
    });
  });

  test('a room that is never trimmed keeps only the segments with its entries', async () => {
    const { fixture, journal } = await filled(3);
    await openRoom(fixture, journal, 'b', 5);
    for (let seq = 0; seq < 60; seq++) await fixture.world.until(appendText(journal, 'b', 5, seq, LONG));
    await journal.trim('b', 60);
    await fixture.world.advance(15 * MINUTE);
    expect((await segmentsOf(fixture)).length).toBe(2);
    expect((await journal.liveRooms()).map((room) => room.room)).toEqual(['a']);
    fixture.powerCut('everything');
    const again = await fixture.open();
    expect((await textsOf(again, 'a')).length).toBe(3);
  });

  test('segments that are not needed are not read at the next start, and are removed 10 minutes later', async () => {
    const { fixture, journal } = await filled(40);
    await journal.trim('a', 40);
    await fixture.world.advance(5_000);
    // Until the next segment, whose snapshot says that no older one is needed.
    for (let seq = 40; (await segmentsOf(fixture)).at(-1) === segmentName(3); seq++) {
      await fixture.world.until(appendText(journal, 'a', 5, seq, LONG));
      await journal.trim('a', seq);
    }
    const before = await segmentsOf(fixture);
    fixture.powerCut('everything');
    for (const name of before.slice(0, 2)) fixture.disk.putFile(`${DIRECTORY}/${name}`, new Uint8Array(3));
    await fixture.open();
    await fixture.world.advance(9 * MINUTE);
    expect(await segmentsOf(fixture)).toEqual(before);
    await fixture.world.advance(3 * MINUTE);
    expect((await segmentsOf(fixture)).length).toBeLessThan(before.length - 1);
  });

  test('a trim during an open that rolls the segment is not undone by the fence', async () => {
    const { fixture } = createObserved(1, 0.5);
    const journal = await fixture.open();
    await openRoom(fixture, journal, 'a', 5);
    // Header, snapshot, fence, 14 × 2 and 1 sector: all 32 sectors of the segment are used.
    for (let seq = 0; seq < 15; seq++) {
      await fixture.world.until(appendText(journal, 'a', 5, seq, seq < 14 ? LONG : 'x'));
    }
    expect(await segmentsOf(fixture)).toEqual([segmentName(1)]);
    // The fence was encoded before the trim; the snapshot of the next segment has the trim.
    await fixture.world.advance(10);
    const reopened = journal.open('a', 6, EMPTY_HEAD);
    await Promise.resolve();
    await journal.trim('a', 3);
    expect(await fixture.world.until(reopened)).toMatchObject({ ok: true, trimmed: 3 });
    fixture.powerCut('everything');
    const again = await fixture.open();
    expect(await segmentsOf(fixture)).toEqual([segmentName(1), segmentName(2)]);
    expect((await textsOf(again, 'a')).length).toBe(12);
    expect(await again.liveRooms()).toMatchObject([{ room: 'a', trimmed: 3 }]);
  });

  test('files of an interrupted start are removed, and each start is counted', async () => {
    const fixture = createJournalFixture(1);
    await (await fixture.open()).close();
    fixture.disk.putFile(`${DIRECTORY}/000000000001.new`, new Uint8Array(100));
    const journal = await fixture.open();
    expect(journal.boot).toBe(2);
    expect(await fixture.disk.list(DIRECTORY)).toEqual([segmentName(1)]);
  });

  test('rooms from before a restart are evicted if they are not opened', async () => {
    const fixture = createJournalFixture(1);
    const journal = await fixture.open();
    await openRoom(fixture, journal, 'a', 5);
    fixture.powerCut('everything');
    const again = await fixture.open();
    await fixture.world.advance(5 * MINUTE);
    expect(await fixture.world.until(again.open('a', 4, EMPTY_HEAD))).toMatchObject({ why: 'fenced' });
    await fixture.world.advance(10 * MINUTE);
    expect(await fixture.world.until(again.open('a', 4, EMPTY_HEAD))).toMatchObject({ ok: true });
  });
});
