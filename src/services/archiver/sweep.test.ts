/** Archiving one room, with failures at every step. */
import { afterEach, beforeEach, expect, test } from 'bun:test';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { RecordKind } from '../../../sdk/protocol/record.ts';
import { ArchiveBench } from '../../../test/support/in-process/archiver-fixture.ts';
import { failureOf } from '../../../test/support/failure.ts';
import { clientId, encodeRecords } from '../../../test/support/in-process/room-script.ts';
import type { MainDb } from '../../ports/main-db/main-db.ts';
import { readChunks } from '../../ports/main-db/queries/archive.ts';
import { entitlementById } from '../../ports/main-db/queries/entitlements.ts';
import type { RoomLog } from '../../ports/room-log/room-log.ts';
import { type SweepOutcome, sweepRoom } from './sweep.ts';

let bench: ArchiveBench;
beforeEach(async () => {
  bench = await ArchiveBench.create();
});
afterEach(() => bench.stop());

const archived = (entries: number): SweepOutcome => ({ kind: 'archived', entries });

/** The journal with some methods replaced. */
function withOverrides(journal: RoomLog, change: Partial<RoomLog>): RoomLog {
  return {
    open: (room, epoch, head) => journal.open(room, epoch, head),
    append: (entries) => journal.append(entries),
    read: (room, afterSeq, maxBytes) => journal.read(room, afterSeq, maxBytes),
    trim: (room, uptoSeq) => journal.trim(room, uptoSeq),
    release: (room, epoch) => journal.release(room, epoch),
    liveRooms: () => journal.liveRooms(),
    onState: (listener) => journal.onState(listener),
    close: () => journal.close(),
    ...change,
  };
}

test('[I10] a sweep moves everything durable into the archive and trims the log', async () => {
  const room = await bench.makeRoom('r');
  room.newClient();
  for (let turn = 0; turn < 300; turn++) {
    room.wait(10);
    room.send(RecordKind.move, turn, 20);
  }
  room.newClient();
  await bench.append('r', 7);
  expect(await sweepRoom(bench.deps(), 'r')).toEqual(archived(304));
  expect(await bench.archivedBytes('r')).toEqual(bench.writtenBytes('r'));
  expect(await bench.liveEntries('r')).toBe(0);
  expect(await bench.loaded('r')).toMatchObject({
    room: { archived_upto: 304, archived_epoch: 1_001, archived_ms: 3_000 },
    epochs: [{ epoch: 1_001, firstSeq: 2 }],
    clients: [
      { number: 1, client_id: clientId(1), seat: 2, last_seq: 300 },
      { number: 2, client_id: clientId(2), seat: 3, last_seq: 0 },
    ],
  });
  const chunks = await readChunks(bench.db.read, 'r', 0, 10);
  expect(chunks.map((chunk) => chunk.last_seq)).toEqual([256, 304]);
  expect(chunks.every((chunk) => chunk.crc === crc32(chunk.deflated))).toBe(true);
  expect(await sweepRoom(bench.deps(), 'r')).toEqual(archived(0));
  room.send(RecordKind.move, 1);
  await bench.append('r');
  expect(await sweepRoom(bench.deps(), 'r')).toEqual(archived(1));
  expect((await bench.loaded('r')).clients[1]).toMatchObject({ number: 2, last_seq: 1 });
});

test('[I10] a large room is archived in several steps', async () => {
  const room = await bench.makeRoom('r');
  for (let turn = 0; turn < 300; turn++) room.send(RecordKind.move, 0, 9_000);
  await bench.append('r', 10);
  let transactions = 0;
  const db: MainDb = {
    ...bench.db,
    write(work) {
      transactions++;
      return bench.db.write(work);
    },
  };
  expect(await sweepRoom(bench.deps({ db }), 'r')).toEqual(archived(303));
  expect(transactions).toBeGreaterThan(3);
  expect(await bench.archivedBytes('r')).toEqual(bench.writtenBytes('r'));
});

test('[I10] after a crash between commit and trim the log is trimmed, and nothing is stored twice', async () => {
  await bench.makeRoom('r');
  const roomLog = withOverrides(bench.journal, { trim: () => Promise.reject(new Error('crash')) });
  await failureOf(sweepRoom(bench.deps({ roomLog }), 'r'));
  expect(await bench.liveEntries('r')).toBe(2);
  await bench.restart();
  expect(await sweepRoom(bench.deps(), 'r')).toEqual(archived(0));
  expect(await bench.liveEntries('r')).toBe(0);
  expect(await bench.archivedBytes('r')).toEqual(bench.writtenBytes('r'));
});

test('[I10] nothing is trimmed before the transaction is committed', async () => {
  await bench.makeRoom('r');
  const db: MainDb = { ...bench.db, write: () => Promise.reject(new Error('no connection')) };
  await failureOf(sweepRoom(bench.deps({ db }), 'r'));
  expect(await bench.liveEntries('r')).toBe(2);
  expect(await bench.archivedBytes('r')).toHaveLength(0);
});

test('[I10] after a transaction with an unknown outcome the next sweep reads what was committed', async () => {
  await bench.makeRoom('r');
  const db: MainDb = {
    ...bench.db,
    async write(work) {
      await bench.db.write(work);
      throw new Error('the connection was lost while waiting for the response');
    },
  };
  await failureOf(sweepRoom(bench.deps({ db }), 'r'));
  expect(await bench.liveEntries('r')).toBe(2);
  expect(await sweepRoom(bench.deps(), 'r')).toEqual(archived(0));
  expect(await bench.liveEntries('r')).toBe(0);
  expect(await bench.archivedBytes('r')).toEqual(bench.writtenBytes('r'));
});

test('[I10] concurrent archivers store each entry once', async () => {
  const room = await bench.makeRoom('r');
  for (let turn = 0; turn < 50; turn++) room.send(RecordKind.move);
  await bench.append('r', 5);
  const outcomes = await Promise.all(Array.from({ length: 5 }, () => sweepRoom(bench.deps(), 'r')));
  const entries = outcomes.map((outcome) => (outcome.kind === 'archived' ? outcome.entries : -1));
  expect(entries.toSorted((a, b) => a - b)).toEqual([0, 0, 0, 0, 53]);
  expect(await bench.archivedBytes('r')).toEqual(bench.writtenBytes('r'));
});

test('[I10] a gap that is caused by a concurrent archiver is read again', async () => {
  const room = await bench.makeRoom('r');
  room.send(RecordKind.move);
  await bench.append('r');
  let first = true;
  const roomLog = withOverrides(bench.journal, {
    async read(id, afterSeq, maxBytes) {
      if (first) {
        first = false;
        await sweepRoom(bench.deps(), 'r');
        room.send(RecordKind.move);
        await bench.append('r');
      }
      return bench.journal.read(id, afterSeq, maxBytes);
    },
  });
  expect(await sweepRoom(bench.deps({ roomLog }), 'r')).toEqual(archived(1));
  expect((await bench.loaded('r')).room.quarantined).toBeNull();
  expect(await bench.archivedBytes('r')).toEqual(bench.writtenBytes('r'));
});

test('[I10] a permanent gap quarantines the room; its entries stay in the log', async () => {
  const room = await bench.makeRoom('r');
  await bench.append('r', 1);
  // Reading first makes the trim below exact.
  await bench.journal.read('r', 0, 1);
  for (let turn = 0; turn < 5; turn++) room.send(RecordKind.move);
  await bench.append('r', 1);
  await bench.journal.trim('r', 3);
  const why = 'entry 1 is neither in the archive nor in the log';
  expect(await sweepRoom(bench.deps(), 'r')).toEqual({ kind: 'quarantined', why });
  expect((await bench.loaded('r')).room).toMatchObject({ quarantined: why, archived_upto: 0 });
  expect(await bench.liveEntries('r')).toBe(5);
  expect(await sweepRoom(bench.deps(), 'r')).toEqual({ kind: 'quarantined', why });
});

test('[I10] bytes that are not records quarantine the room', async () => {
  await bench.makeRoom('r');
  const roomLog = withOverrides(bench.journal, {
    read: async () => [{ first: 1, last: 1, records: new Uint8Array([77, 1, 2]) }],
  });
  const outcome = await sweepRoom(bench.deps({ roomLog }), 'r');
  expect(outcome).toEqual({
    kind: 'quarantined',
    why: 'after entry 0 the log has bytes that are not a record',
  });
});

test('a room that is not in the main database stays in the log', async () => {
  await bench.makeLog('stray');
  expect(await sweepRoom(bench.deps(), 'stray')).toEqual({ kind: 'unknown' });
  expect(await bench.liveEntries('stray')).toBe(2);
});

test('the first move marks the entitlement as played, the first finish enqueues the stats job, once', async () => {
  const room = await bench.makeRoom('r');
  room.wait(10);
  room.send(RecordKind.chat);
  const deps = bench.deps();
  const facts = async () => ({
    played: (await entitlementById(bench.db.read, 'r-entitlement'))?.first_played_at,
    finished: (await bench.loaded('r')).room.finished_at,
    jobs: await deps.jobs.counts(bench.db.read),
  });
  await bench.append('r');
  await sweepRoom(deps, 'r');
  expect(await facts()).toEqual({ played: null, finished: null, jobs: [] });
  room.wait(10);
  room.send(RecordKind.move);
  room.wait(10);
  room.send(RecordKind.finish);
  await bench.append('r');
  await sweepRoom(deps, 'r');
  const once = { played: 2_020, finished: 2_030, jobs: [{ kind: 'stats', state: 'ready', count: 1 }] };
  expect(await facts()).toEqual(once);
  room.wait(10);
  room.send(RecordKind.move);
  room.send(RecordKind.finish);
  await bench.append('r');
  await sweepRoom(deps, 'r');
  expect(await facts()).toEqual(once);
  const [job] = await deps.jobs.claim('stats', 1, 1_000);
  expect(job).toMatchObject({ key: 'r', payload: { room: 'r' } });
});

test('[I10][I11] a room that was removed from the log continues with its head, clients, epochs and erasable flags', async () => {
  const room = await bench.makeRoom('r');
  room.wait(500);
  room.send(RecordKind.chat);
  await bench.append('r');
  await sweepRoom(bench.deps(), 'r');
  await bench.journal.release('r', 1_001);
  await bench.restart();
  expect(await bench.journal.liveRooms()).toEqual([]);
  const { room: row, epochs, clients } = await bench.loaded('r');
  expect(row).toMatchObject({ archived_epoch: 1_001, archived_upto: 4, archived_ms: 500 });
  expect(clients).toMatchObject([{ number: 1, client_id: clientId(1), last_seq: 1 }]);
  await bench.reopen('r');
  room.send(RecordKind.chat);
  await bench.append('r');
  expect(await sweepRoom(bench.deps(), 'r')).toEqual(archived(2));
  const bytes = await bench.archivedBytes('r');
  expect(bytes).toEqual(bench.writtenBytes('r'));
  expect((await bench.loaded('r')).epochs).toEqual([...epochs, { epoch: 1_002, firstSeq: 5 }]);
  expect((await bench.loaded('r')).clients[0]?.last_seq).toBe(2);
  // The second byte of the chat: its kind and the flag of an erasable body.
  const chat = encodeRecords(room.records.slice(-1));
  expect(bytes[bytes.length - chat.length + 1]).toBe(RecordKind.chat | 0x20);
});

test('[I10] for all sequences of failures, log and archive together have every entry once', async () => {
  const action = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant('write' as const), count: fc.integer({ min: 1, max: 40 }) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('sweep' as const),
        at: fc.constantFrom('none', 'write', 'response', 'trim'),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('race' as const) }) },
  );
  let rooms = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 12 }), async (actions) => {
      const id = `p${++rooms}`;
      const room = await bench.makeRoom(id);
      for (const each of actions) {
        if (each.kind === 'restart') {
          await bench.restart();
          await bench.reopen(id);
        } else if (each.kind === 'race') await Promise.all([1, 2].map(() => sweepRoom(bench.deps(), id)));
        else if (each.kind === 'sweep') await sweepRoom(failingAt(each.at), id).catch(() => {});
        else {
          for (let turn = 0; turn < each.count; turn++) room.send(RecordKind.move, turn);
          await bench.append(id, 3);
        }
      }
      await sweepRoom(bench.deps(), id);
      expect(await bench.archivedBytes(id)).toEqual(bench.writtenBytes(id));
      expect(await bench.liveEntries(id)).toBe(0);
    }),
    { numRuns: 30 },
  );
});

/** Dependencies that fail at one step of a sweep; `response`: the transaction is committed and then fails. */
function failingAt(step: string) {
  const fail = () => Promise.reject(new Error(step));
  const roomLog = withOverrides(bench.journal, step === 'trim' ? { trim: fail } : {});
  const write: MainDb['write'] = async (work) => {
    if (step === 'write') return fail();
    const written = await bench.db.write(work);
    return step === 'response' ? fail() : written;
  };
  return bench.deps({ roomLog, db: { ...bench.db, write } });
}
