import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { type LogRecord, RecordKind } from '../../sdk/protocol/record.ts';
import {
  RoomScript,
  clientId,
  decodeRecords,
  encodeRecords,
} from '../../test/support/in-process/room-script.ts';
import { type ClientState, type Passage, readPassage } from './chunk.ts';
import { CHUNK_BYTES_MAX, CHUNK_RECORDS_MAX } from './room.ts';

const START = { seq: 0, epoch: 0, ms: 0 };

const step = fc.oneof(
  { weight: 1, arbitrary: fc.constant((room: RoomScript) => room.newEpoch()) },
  { weight: 2, arbitrary: fc.constant((room: RoomScript) => room.newClient()) },
  {
    weight: 20,
    arbitrary: fc
      .record({
        kind: fc.constantFrom(RecordKind.move, RecordKind.chat, RecordKind.pause, RecordKind.finish),
        of: fc.nat(20),
        size: fc.oneof(fc.nat(200), fc.nat(9_000)),
        wait: fc.nat(5_000),
      })
      .map(({ kind, of, size, wait }) => (room: RoomScript) => {
        room.wait(wait);
        room.say(kind, of, size);
      }),
  },
);
const script = fc.array(step, { minLength: 1, maxLength: 700, size: 'max' }).map((steps) => {
  const room = new RoomScript();
  for (const each of steps) each(room);
  return room.records;
});

/** Cuts `records` into runs at the given places. */
function runsOf(records: readonly LogRecord[], cuts: readonly number[]): { records: Uint8Array }[] {
  const places = [...new Set(cuts.map((cut) => cut % records.length))].sort((a, b) => a - b);
  return [0, ...places].map((from, index) => ({
    records: encodeRecords(records.slice(from, places[index] ?? records.length)),
  }));
}

function passageOf(
  runs: readonly { records: Uint8Array }[],
  archived = START,
  known: readonly ClientState[] = [],
): Passage {
  const outcome = readPassage(runs, archived, known);
  if (!outcome.ok) throw new Error(JSON.stringify(outcome));
  return outcome.passage;
}

/** What the archive would hold after a passage. */
function carriedOn(clients: readonly ClientState[], passage: Passage): ClientState[] {
  const all = new Map(clients.map((client) => [client.number, client]));
  for (const client of passage.clients) all.set(client.number, client);
  return [...all.values()];
}

describe('a passage of the log', () => {
  test('[10] its chunks are the log byte by byte, contiguous and within their limits', () => {
    fc.assert(
      fc.property(script, fc.array(fc.nat(), { maxLength: 20 }), (records, cuts) => {
        const { chunks, head } = passageOf(runsOf(records, cuts));
        expect(Buffer.concat(chunks.map((chunk) => chunk.records))).toEqual(
          Buffer.from(encodeRecords(records)),
        );
        let last = 0;
        for (const chunk of chunks) {
          const inside = decodeRecords(chunk.records);
          expect([chunk.first, chunk.last]).toEqual([last + 1, last + inside.length]);
          expect(inside.length).toBeLessThanOrEqual(CHUNK_RECORDS_MAX);
          expect(chunk.records.length <= CHUNK_BYTES_MAX || inside.length === 1).toBe(true);
          last = chunk.last;
        }
        expect(head).toMatchObject({ seq: records.length, ms: records.at(-1)?.ms ?? -1 });
      }),
      { numRuns: 40 },
    );
  });

  test('[10] read in two steps it gives the same clients, epochs and head as in one', () => {
    fc.assert(
      fc.property(script, fc.nat(), (records, cut) => {
        const whole = passageOf([{ records: encodeRecords(records) }]);
        const at = 1 + (cut % (records.length - 1));
        const first = passageOf([{ records: encodeRecords(records.slice(0, at)) }]);
        // The second run begins before what is asked for, as a run of the log may.
        const overlapping = [{ records: encodeRecords(records.slice(Math.max(0, at - 3))) }];
        const second = passageOf(overlapping, first.head, first.clients);
        expect(second.head).toEqual(whole.head);
        expect([...first.epochs, ...second.epochs]).toEqual([...whole.epochs]);
        expect(carriedOn(first.clients, second)).toEqual([...whole.clients]);
        expect(first.firstMoveMs ?? second.firstMoveMs).toBe(whole.firstMoveMs);
        expect(first.finishMs ?? second.finishMs).toBe(whole.finishMs);
      }),
      { numRuns: 40 },
    );
  });

  test('[3] it tells the last message of each client that is new or came further, and of no other', () => {
    const room = new RoomScript();
    for (const of of [0, 0, 0]) room.say(RecordKind.move, of, 1);
    const first = passageOf([{ records: encodeRecords(room.records) }]);
    expect(first.clients).toEqual([{ number: 1, id: clientId(1), seat: 2, lastSeq: 3 }]);
    room.newClient();
    room.say(RecordKind.chat, 1, 1);
    const second = passageOf([{ records: encodeRecords(room.records) }], first.head, first.clients);
    expect(second.clients).toEqual([{ number: 2, id: clientId(2), seat: 3, lastSeq: 1 }]);
  });

  test('[4] it tells where epochs began, and carries the last one on', () => {
    const room = new RoomScript();
    room.say(RecordKind.move, 0, 1);
    room.newEpoch();
    const { epochs, head } = passageOf([{ records: encodeRecords(room.records) }]);
    expect(epochs).toEqual([
      { epoch: 1_001, firstSeq: 2 },
      { epoch: 1_002, firstSeq: 5 },
    ]);
    room.say(RecordKind.move, 0, 1);
    const later = passageOf([{ records: encodeRecords(room.records.slice(5)) }], head, [
      { number: 1, id: new Uint8Array(16), seat: 2, lastSeq: 1 },
    ]);
    expect(later).toMatchObject({ epochs: [], head: { epoch: 1_002, seq: 6 } });
  });

  test('the first move and the first finish count; chat is no move', () => {
    const room = new RoomScript();
    room.say(RecordKind.chat, 0, 1);
    expect(passageOf([{ records: encodeRecords(room.records) }]).firstMoveMs).toBeNull();
    for (const kind of [RecordKind.move, RecordKind.finish, RecordKind.move, RecordKind.finish]) {
      room.wait(10);
      room.say(kind, 0, 1);
    }
    const { firstMoveMs, finishMs } = passageOf([{ records: encodeRecords(room.records) }]);
    expect([firstMoveMs, finishMs]).toEqual([10, 20]);
  });

  test('[11] the flag of erasable bodies stays in the chunk', () => {
    const room = new RoomScript();
    room.say(RecordKind.chat, 0, 5);
    const [chunk] = passageOf([{ records: encodeRecords(room.records) }]).chunks;
    const chat = encodeRecords(room.records.slice(-1));
    expect(Buffer.from(chunk?.records.slice(-chat.length) ?? [])).toEqual(Buffer.from(chat));
    expect((chat[1] ?? 0) & 0x20).toBe(0x20);
  });

  test('a record larger than a chunk is a chunk of its own', () => {
    const room = new RoomScript();
    room.say(RecordKind.move, 0, 10);
    room.say(RecordKind.move, 0, CHUNK_BYTES_MAX + 1);
    room.say(RecordKind.move, 0, 10);
    const { chunks } = passageOf([{ records: encodeRecords(room.records) }]);
    expect(chunks.map((chunk) => [chunk.first, chunk.last])).toEqual([
      [1, 4],
      [5, 5],
      [6, 6],
    ]);
  });

  test('256 records are one chunk and 257 are two', () => {
    const room = new RoomScript();
    while (room.records.length < CHUNK_RECORDS_MAX) room.say(RecordKind.move, 0, 1);
    expect(passageOf([{ records: encodeRecords(room.records) }]).chunks).toHaveLength(1);
    room.say(RecordKind.move, 0, 1);
    expect(passageOf([{ records: encodeRecords(room.records) }]).chunks).toHaveLength(2);
  });
});

describe('what is no passage', () => {
  const room = new RoomScript();
  for (let count = 0; count < 5; count++) room.say(RecordKind.move, 0, 1);
  const all = room.records;
  const read = (records: readonly LogRecord[], archived = START) =>
    readPassage([{ records: encodeRecords(records) }], archived, []);

  test('nothing beyond the head, or nothing at all, is nothing', () => {
    expect(readPassage([], START, [])).toEqual({ ok: false, why: 'nothing' });
    expect(read(all, { seq: 8, epoch: 1, ms: 1 })).toEqual({ ok: false, why: 'nothing' });
  });

  test('[10] a missing entry is a gap, at the beginning or between', () => {
    expect(read(all.slice(1))).toEqual({ ok: false, why: 'missingRecord', seq: 1 });
    expect(read([...all.slice(0, 4), ...all.slice(5)])).toEqual({ ok: false, why: 'missingRecord', seq: 5 });
    expect(read([...all.slice(0, 4), ...all.slice(3)])).toEqual({ ok: false, why: 'missingRecord', seq: 5 });
  });

  test('bytes that are no record, clients nobody introduced and epochs that fall are damage', () => {
    const what = (outcome: ReturnType<typeof readPassage>) =>
      !outcome.ok && outcome.why === 'damaged' ? outcome.what : 'no damage';
    expect(what(readPassage([{ records: new Uint8Array([9, 9, 9]) }], START, []))).toContain('no record');
    const torn = encodeRecords(all).slice(0, -1);
    expect(what(readPassage([{ records: torn }], START, []))).toContain('behind entry 7');
    const stranger = { ...all[3], seq: 3 } as LogRecord;
    expect(what(read([...all.slice(0, 2), stranger]))).toContain('a message of client 1');
    const again = { ...all[1], seq: 3 } as LogRecord;
    expect(what(read([...all.slice(0, 2), again]))).toContain('epoch 1001 after epoch 1001');
    const twice = { ...all[2], seq: 4 } as LogRecord;
    expect(what(read([...all.slice(0, 3), twice]))).toContain('client 1 for the second time');
  });

  test('random bytes never throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        readPassage([{ records: bytes }], START, []);
      }),
    );
  });
});
