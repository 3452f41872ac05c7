/** The contract of room logs, as a test suite: each adapter's test calls `roomLogContract`. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import {
  type AppendOutcome,
  EMPTY_HEAD,
  type Head,
  type LiveRoom,
  type RoomLog,
  type Run,
} from './room-log.ts';

export interface RoomLogSubject {
  readonly log: RoomLog;
  /** Awaits a result of the log; advances simulated time if the adapter needs it. */
  wait<T>(result: Promise<T>): Promise<T>;
  /** Ends the process and opens the log again with what is durable. */
  restart(): Promise<RoomLogSubject>;
  stop(): Promise<void>;
}

/** Test records `first` … `last`; the log does not parse them. */
export function recordsOf(room: string, first: number, last: number): Uint8Array {
  const texts = Array.from({ length: last - first + 1 }, (_, index) => `<${room}#${first + index}>`);
  return new TextEncoder().encode(texts.join(''));
}

export function textOf(runs: readonly Run[]): string {
  return runs.map((run) => new TextDecoder().decode(run.records)).join('');
}

const ALL = Number.MAX_SAFE_INTEGER;

export function roomLogContract(name: string, start: () => Promise<RoomLogSubject>): void {
  let subject: RoomLogSubject;

  beforeEach(async () => {
    subject = await start();
  });
  afterEach(() => subject.stop());

  const open = (room: string, epoch: number, archived: Head = EMPTY_HEAD) =>
    subject.wait(subject.log.open(room, epoch, archived));
  const append = (
    room: string,
    epoch: number,
    prevSeq: number,
    lastSeq = prevSeq + 1,
  ): Promise<AppendOutcome> =>
    subject.wait(
      subject.log.append({
        room,
        epoch,
        prevSeq,
        lastSeq,
        lastMs: lastSeq * 10,
        records: recordsOf(room, prevSeq + 1, lastSeq),
      }),
    );
  const read = async (room: string, afterSeq = 0, maxBytes = ALL) =>
    textOf(await subject.wait(subject.log.read(room, afterSeq, maxBytes)));
  const live = async (room: string): Promise<LiveRoom | undefined> =>
    (await subject.wait(subject.log.liveRooms())).find((found) => found.room === room);
  const restart = async () => {
    subject = await subject.restart();
  };
  const text = (room: string, first: number, last: number) =>
    new TextDecoder().decode(recordsOf(room, first, last));

  describe(`${name}: opening and fencing`, () => {
    test('a new room opens with the empty head', async () => {
      expect(await open('a', 5)).toEqual({ ok: true, head: { epoch: 5, seq: 0, ms: 0 }, trimmed: 0 });
    });

    test('opening returns the head of what was appended before', async () => {
      await open('a', 5);
      await append('a', 5, 0, 3);
      expect(await open('a', 6)).toEqual({ ok: true, head: { epoch: 6, seq: 3, ms: 30 }, trimmed: 0 });
    });

    test('the same or a lower epoch is fenced; the result has the open epoch', async () => {
      await open('a', 5);
      expect(await open('a', 5)).toEqual({ ok: false, why: 'fenced', epoch: 5 });
      expect(await open('a', 4)).toEqual({ ok: false, why: 'fenced', epoch: 5 });
    });

    test('the epoch of the archive also fences', async () => {
      const archived = { epoch: 9, seq: 2, ms: 20 };
      expect(await open('a', 9, archived)).toEqual({ ok: false, why: 'fenced', epoch: 9 });
      expect((await open('a', 10, archived)).ok).toBe(true);
    });

    test('of two openings at once with one epoch exactly one succeeds', async () => {
      const both = Promise.all([subject.log.open('a', 5, EMPTY_HEAD), subject.log.open('a', 5, EMPTY_HEAD)]);
      expect((await subject.wait(both)).map((outcome) => outcome.ok)).toEqual([true, false]);
    });

    test('the fence survives a restart', async () => {
      await open('a', 5);
      await restart();
      expect(await open('a', 5)).toEqual({ ok: false, why: 'fenced', epoch: 5 });
      expect(await append('a', 5, 0)).toBe('committed');
      await open('a', 6);
      expect(await append('a', 5, 1)).toBe('fenced');
    });

    test('an archive that is ahead of the log sets the head: its entries are not expected in the log', async () => {
      await open('a', 5);
      await append('a', 5, 0, 2);
      const archived = { epoch: 5, seq: 7, ms: 700 };
      expect(await open('a', 6, archived)).toEqual({
        ok: true,
        head: { epoch: 6, seq: 7, ms: 700 },
        trimmed: 7,
      });
      expect(await read('a')).toBe('');
      expect(await append('a', 6, 7)).toBe('committed');
      expect(await read('a')).toBe(text('a', 8, 8));
    });

    test('with an archive that is behind the log, the other entries stay in the log', async () => {
      await open('a', 5);
      await append('a', 5, 0, 2);
      await append('a', 5, 2, 4);
      expect(await open('a', 6, { epoch: 5, seq: 2, ms: 20 })).toEqual({
        ok: true,
        head: { epoch: 6, seq: 4, ms: 40 },
        trimmed: 2,
      });
      expect((await read('a', 2)).endsWith(text('a', 3, 4))).toBe(true);
    });
  });

  describe(`${name}: appending`, () => {
    test('committed entries can be read, in order and unchanged', async () => {
      await open('a', 5);
      expect(await append('a', 5, 0, 2)).toBe('committed');
      expect(await append('a', 5, 2, 3)).toBe('committed');
      expect(await read('a')).toBe(text('a', 1, 3));
    });

    test('committed entries survive a restart', async () => {
      await open('a', 5);
      await open('b', 6);
      await append('a', 5, 0, 2);
      await append('b', 6, 0, 1);
      await append('a', 5, 2, 3);
      await restart();
      expect(await read('a')).toBe(text('a', 1, 3));
      expect(await read('b')).toBe(text('b', 1, 1));
      expect(await open('a', 7)).toEqual({ ok: true, head: { epoch: 7, seq: 3, ms: 30 }, trimmed: 0 });
    });

    test('an append with another epoch is fenced and writes nothing', async () => {
      await open('a', 5);
      await append('a', 5, 0);
      await open('a', 6);
      expect(await append('a', 5, 1)).toBe('fenced');
      expect(await append('a', 7, 1)).toBe('fenced');
      expect(await read('a')).toBe(text('a', 1, 1));
    });

    test('an append whose prevSeq is not the head is fenced and writes nothing', async () => {
      await open('a', 5);
      await append('a', 5, 0, 2);
      expect(await append('a', 5, 1)).toBe('fenced');
      expect(await append('a', 5, 3)).toBe('fenced');
      expect(await read('a')).toBe(text('a', 1, 2));
      expect(await append('a', 5, 2)).toBe('committed');
    });

    test('an append to a room that is not open is fenced', async () => {
      expect(await append('a', 5, 0)).toBe('fenced');
    });

    test('an append that begins before a takeover and ends after it is in the head or fenced', async () => {
      await open('a', 5);
      const records = recordsOf('a', 1, 1);
      const zombie = subject.log.append({ room: 'a', epoch: 5, prevSeq: 0, lastSeq: 1, lastMs: 10, records });
      const opened = await open('a', 6);
      const outcome = await subject.wait(zombie);
      expect(opened).toMatchObject({ ok: true, head: { epoch: 6, seq: outcome === 'committed' ? 1 : 0 } });
      expect(await read('a')).toBe(outcome === 'committed' ? text('a', 1, 1) : '');
    });

    test('a second append to a room while one is in progress is a bug and throws', async () => {
      await open('a', 5);
      const first = append('a', 5, 0);
      expect(() =>
        subject.log.append({
          room: 'a',
          epoch: 5,
          prevSeq: 1,
          lastSeq: 2,
          lastMs: 9,
          records: recordsOf('a', 2, 2),
        }),
      ).toThrow('while one is in progress');
      expect(await first).toBe('committed');
    });

    test('many rooms append at once without affecting one another', async () => {
      const rooms = Array.from({ length: 50 }, (_, index) => `room${index}`);
      await Promise.all(rooms.map((room) => open(room, 5)));
      for (let seq = 0; seq < 5; seq++) {
        expect(new Set(await Promise.all(rooms.map((room) => append(room, 5, seq))))).toEqual(
          new Set(['committed']),
        );
      }
      for (const room of rooms) expect(await read(room)).toBe(text(room, 1, 5));
    });
  });

  describe(`${name}: reading`, () => {
    test('reading in pages returns at least one run each time', async () => {
      await open('a', 5);
      for (let seq = 0; seq < 10; seq += 2) await append('a', 5, seq, seq + 2);
      let after = 0;
      let seen = '';
      for (let pages = 0; after < 10; pages++) {
        const runs = await subject.wait(subject.log.read('a', after, 1));
        expect(runs.length).toBe(1);
        expect(runs[0]!.first).toBe(after + 1);
        seen += textOf(runs);
        after = runs[0]!.last;
      }
      expect(seen).toBe(text('a', 1, 10));
    });

    test('a page is not longer than maxBytes', async () => {
      await open('a', 5);
      // Too long to be joined into one run.
      for (let seq = 0; seq < 5_000; seq += 1_000) await append('a', 5, seq, seq + 1_000);
      const runs = await subject.wait(subject.log.read('a', 0, recordsOf('a', 1, 3_000).length));
      expect(textOf(runs)).toBe(text('a', 1, 3_000));
    });

    test('reading from within a run returns that run', async () => {
      await open('a', 5);
      await append('a', 5, 0, 4);
      expect(await read('a', 2)).toBe(text('a', 1, 4));
    });

    test('reading after the head or an unknown room returns nothing', async () => {
      await open('a', 5);
      await append('a', 5, 0, 4);
      expect(await read('a', 4)).toBe('');
      expect(await read('nobody')).toBe('');
    });
  });

  describe(`${name}: trimming and releasing`, () => {
    test('trimmed entries are gone and stay gone; the others can be read', async () => {
      await open('a', 5);
      await append('a', 5, 0, 2);
      // After a read exactly these entries can be trimmed; otherwise a log may keep some of them longer.
      await read('a');
      await append('a', 5, 2, 4);
      await subject.wait(subject.log.trim('a', 2));
      expect(await read('a')).toBe(text('a', 3, 4));
      expect(await live('a')).toMatchObject({ trimmed: 2, bytes: recordsOf('a', 3, 4).length });
      await append('a', 5, 4, 5);
      await restart();
      expect((await read('a', 2)).endsWith(text('a', 3, 5))).toBe(true);
    });

    test('trimming everything keeps the head, and appending continues from there', async () => {
      await open('a', 5);
      await append('a', 5, 0, 2);
      await subject.wait(subject.log.trim('a', 2));
      expect(await live('a')).toBeUndefined();
      expect(await append('a', 5, 2)).toBe('committed');
      expect(await read('a')).toBe(text('a', 3, 3));
    });

    test('trimming beyond the head, backwards or in an unknown room does no harm', async () => {
      await open('a', 5);
      await append('a', 5, 0, 2);
      await subject.wait(subject.log.trim('a', 99));
      await subject.wait(subject.log.trim('a', 1));
      await subject.wait(subject.log.trim('nobody', 3));
      expect(await append('a', 5, 2)).toBe('committed');
      expect(await live('a')).toMatchObject({ trimmed: 2, head: { epoch: 5, seq: 3, ms: 30 } });
    });

    test('a room with live entries is listed until they are trimmed, owned or not', async () => {
      await open('a', 5);
      expect(await live('a')).toBeUndefined();
      await append('a', 5, 0, 2);
      const entry = {
        room: 'a',
        head: { epoch: 5, seq: 2, ms: 20 },
        trimmed: 0,
        bytes: recordsOf('a', 1, 2).length,
      };
      expect(await live('a')).toMatchObject(entry);
      await subject.wait(subject.log.release('a', 5));
      expect(await live('a')).toMatchObject(entry);
      await restart();
      expect(await live('a')).toEqual({ ...entry, oldestAt: 0 });
      await subject.wait(subject.log.trim('a', 2));
      expect(await live('a')).toBeUndefined();
    });

    test('a released and trimmed room opens with the head of the archive', async () => {
      await open('a', 5);
      await append('a', 5, 0, 4);
      await subject.wait(subject.log.trim('a', 4));
      await subject.wait(subject.log.release('a', 5));
      const archived = { epoch: 5, seq: 4, ms: 40 };
      await restart();
      expect(await open('a', 6, archived)).toEqual({
        ok: true,
        head: { epoch: 6, seq: 4, ms: 40 },
        trimmed: 4,
      });
      expect(await append('a', 6, 4)).toBe('committed');
      await restart();
      expect(await read('a')).toBe(text('a', 5, 5));
    });

    test('opening with an outdated archive head returns the head, although everything was trimmed since', async () => {
      await open('a', 5);
      await append('a', 5, 0, 4);
      await subject.wait(subject.log.release('a', 5));
      const before = { epoch: 5, seq: 2, ms: 20 };
      // The archiver trims between the read of the archive and the open.
      await subject.wait(subject.log.trim('a', 4));
      expect(await open('a', 6, before)).toMatchObject({ ok: true, head: { seq: 4 }, trimmed: 4 });
      await subject.wait(subject.log.release('a', 6));
      expect(await open('a', 7, before)).toMatchObject({ ok: true, head: { seq: 4 }, trimmed: 4 });
    });

    test('a release with a fenced epoch changes nothing', async () => {
      await open('a', 5);
      await open('a', 6);
      await subject.wait(subject.log.release('a', 5));
      expect(await append('a', 6, 0)).toBe('committed');
    });
  });

  describe(`${name}: closing`, () => {
    test('closing finishes operations in progress; later ones are refused', async () => {
      await open('a', 5);
      const inProgress = append('a', 5, 0);
      await subject.wait(subject.log.close());
      expect(await inProgress).toBe('committed');
      expect(await append('a', 5, 1)).toBe('refused');
      expect(await open('a', 6)).toEqual({ ok: false, why: 'refused' });
      await restart();
      expect(await read('a')).toBe(text('a', 1, 1));
    });
  });
}
