/** Chunks and archive state from the records of the log. */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { type LogRecord, RecordKind } from '../../sdk/protocol/record.ts';
import {
  RoomScript,
  clientId,
  decodeRecords,
  encodeRecords,
} from '../../test/support/in-process/room-script.ts';
import { type ClientState, type LogDelta, readLogDelta } from './chunk.ts';
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
        room.send(kind, of, size);
      }),
  },
);
const script = fc.array(step, { minLength: 1, maxLength: 700, size: 'max' }).map((steps) => {
  const room = new RoomScript();
  for (const each of steps) each(room);
  return room.records;
});

/** Splits `records` into runs at the given positions. */
function runsOf(records: readonly LogRecord[], cuts: readonly number[]): { records: Uint8Array }[] {
  const positions = [...new Set(cuts.map((cut) => cut % records.length))].sort((a, b) => a - b);
  return [0, ...positions].map((from, index) => ({
    records: encodeRecords(records.slice(from, positions[index] ?? records.length)),
  }));
}

function deltaOf(
  runs: readonly { records: Uint8Array }[],
  archived = START,
  known: readonly ClientState[] = [],
): LogDelta {
  const outcome = readLogDelta(runs, archived, known);
  if (!outcome.ok) throw new Error(JSON.stringify(outcome));
  return outcome.delta;
}

/** The archived clients after a delta was applied. */
function applied(clients: readonly ClientState[], delta: LogDelta): ClientState[] {
  const all = new Map(clients.map((client) => [client.number, client]));
  for (const client of delta.clients) all.set(client.number, client);
  return [...all.values()];
}

describe('a delta of the log', () => {
  test('[I10] its chunks are the bytes of the log, contiguous and within their limits', () => {
    fc.assert(
      fc.property(script, fc.array(fc.nat(), { maxLength: 20 }), (records, cuts) => {
        const { chunks, head } = deltaOf(runsOf(records, cuts));
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

  test('[I10] reading in two steps gives the same clients, epochs and head as in one', () => {
    fc.assert(
      fc.property(script, fc.nat(), (records, cut) => {
        const whole = deltaOf([{ records: encodeRecords(records) }]);
        const at = 1 + (cut % (records.length - 1));
        const first = deltaOf([{ records: encodeRecords(records.slice(0, at)) }]);
        // The second run starts with records that are archived, as a run of the log may.
        const overlapping = [{ records: encodeRecords(records.slice(Math.max(0, at - 3))) }];
        const second = deltaOf(overlapping, first.head, first.clients);
        expect(second.head).toEqual(whole.head);
        expect([...first.epochs, ...second.epochs]).toEqual([...whole.epochs]);
        expect(applied(first.clients, second)).toEqual([...whole.clients]);
        expect(first.firstMoveMs ?? second.firstMoveMs).toBe(whole.firstMoveMs);
        expect(first.finishMs ?? second.finishMs).toBe(whole.finishMs);
      }),
      { numRuns: 40 },
    );
  });

  test('[I3] it has the last seq of each client that is new or sent more messages, and of no other', () => {
    const room = new RoomScript();
    for (const of of [0, 0, 0]) room.send(RecordKind.move, of, 1);
    const first = deltaOf([{ records: encodeRecords(room.records) }]);
    expect(first.clients).toEqual([{ number: 1, id: clientId(1), seat: 2, lastSeq: 3 }]);
    room.newClient();
    room.send(RecordKind.chat, 1, 1);
    const second = deltaOf([{ records: encodeRecords(room.records) }], first.head, first.clients);
    expect(second.clients).toEqual([{ number: 2, id: clientId(2), seat: 3, lastSeq: 1 }]);
  });

  test('[I4] it has the start of each new epoch; without a new one the epoch stays', () => {
    const room = new RoomScript();
    room.send(RecordKind.move, 0, 1);
    room.newEpoch();
    const { epochs, head } = deltaOf([{ records: encodeRecords(room.records) }]);
    expect(epochs).toEqual([
      { epoch: 1_001, firstSeq: 2 },
      { epoch: 1_002, firstSeq: 5 },
    ]);
    room.send(RecordKind.move, 0, 1);
    const later = deltaOf([{ records: encodeRecords(room.records.slice(5)) }], head, [
      { number: 1, id: new Uint8Array(16), seat: 2, lastSeq: 1 },
    ]);
    expect(later).toMatchObject({ epochs: [], head: { epoch: 1_002, seq: 6 } });
  });

  test('it has the times of the first move and the first finish; chat is not a move', () => {
    const room = new RoomScript();
    room.send(RecordKind.chat, 0, 1);
    expect(deltaOf([{ records: encodeRecords(room.records) }]).firstMoveMs).toBeNull();
    for (const kind of [RecordKind.move, RecordKind.finish, RecordKind.move, RecordKind.finish]) {
      room.wait(10);
      room.send(kind, 0, 1);
    }
    const { firstMoveMs, finishMs } = deltaOf([{ records: encodeRecords(room.records) }]);
    expect([firstMoveMs, finishMs]).toEqual([10, 20]);
  });

  test('[I11] the flag of erasable bodies is preserved in the chunk', () => {
    const room = new RoomScript();
    room.send(RecordKind.chat, 0, 5);
    const [chunk] = deltaOf([{ records: encodeRecords(room.records) }]).chunks;
    const chat = encodeRecords(room.records.slice(-1));
    expect(Buffer.from(chunk?.records.slice(-chat.length) ?? [])).toEqual(Buffer.from(chat));
    expect((chat[1] ?? 0) & 0x20).toBe(0x20);
  });

  test('a record larger than a chunk gets its own chunk', () => {
    const room = new RoomScript();
    room.send(RecordKind.move, 0, 10);
    room.send(RecordKind.move, 0, CHUNK_BYTES_MAX + 1);
    room.send(RecordKind.move, 0, 10);
    const { chunks } = deltaOf([{ records: encodeRecords(room.records) }]);
    expect(chunks.map((chunk) => [chunk.first, chunk.last])).toEqual([
      [1, 4],
      [5, 5],
      [6, 6],
    ]);
  });

  test('256 records make one chunk, 257 make two', () => {
    const room = new RoomScript();
    while (room.records.length < CHUNK_RECORDS_MAX) room.send(RecordKind.move, 0, 1);
    expect(deltaOf([{ records: encodeRecords(room.records) }]).chunks).toHaveLength(1);
    room.send(RecordKind.move, 0, 1);
    expect(deltaOf([{ records: encodeRecords(room.records) }]).chunks).toHaveLength(2);
  });
});

describe('there is no delta', () => {
  const room = new RoomScript();
  for (let count = 0; count < 5; count++) room.send(RecordKind.move, 0, 1);
  const all = room.records;
  const read = (records: readonly LogRecord[], archived = START) =>
    readLogDelta([{ records: encodeRecords(records) }], archived, []);

  test('if the log has no records after the head', () => {
    expect(readLogDelta([], START, [])).toEqual({ ok: false, why: 'nothing' });
    expect(read(all, { seq: 8, epoch: 1, ms: 1 })).toEqual({ ok: false, why: 'nothing' });
  });

  test('[I10] if a record is missing, at the beginning or in between', () => {
    expect(read(all.slice(1))).toEqual({ ok: false, why: 'missingRecord', seq: 1 });
    expect(read([...all.slice(0, 4), ...all.slice(5)])).toEqual({ ok: false, why: 'missingRecord', seq: 5 });
    expect(read([...all.slice(0, 4), ...all.slice(3)])).toEqual({ ok: false, why: 'missingRecord', seq: 5 });
  });

  test('if bytes are not a record, a client is unknown, or an epoch does not rise: damage', () => {
    const what = (outcome: ReturnType<typeof readLogDelta>) =>
      !outcome.ok && outcome.why === 'damaged' ? outcome.what : 'no damage';
    expect(what(readLogDelta([{ records: new Uint8Array([9, 9, 9]) }], START, []))).toContain('not a record');
    const torn = encodeRecords(all).slice(0, -1);
    expect(what(readLogDelta([{ records: torn }], START, []))).toContain('after entry 7');
    const unknownClient = { ...all[3], seq: 3 } as LogRecord;
    expect(what(read([...all.slice(0, 2), unknownClient]))).toContain('unknown client 1');
    const again = { ...all[1], seq: 3 } as LogRecord;
    expect(what(read([...all.slice(0, 2), again]))).toContain('epoch 1001 after epoch 1001');
    const twice = { ...all[2], seq: 4 } as LogRecord;
    expect(what(read([...all.slice(0, 3), twice]))).toContain('client 1 twice');
  });

  test('and nothing is thrown for random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        readLogDelta([{ records: bytes }], START, []);
      }),
    );
  });
});
