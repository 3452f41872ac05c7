/**
 * Lines: the journal commits at least 200,000 messages per second, sustained; at 50,000 per second the p99 is
 * at most 5 ms.
 *
 * Measured through the port's interface (`append` of `src/ports/room-log`) on the real disk, in a process
 * without room server, sockets and archiver: 10,000 rooms, bodies of 135 bytes. As in the room server, a room
 * has at most one append in flight, and messages that arrive meanwhile go into its next one. Entries older
 * than a few seconds are trimmed, as the archiver does; that is included. Sending to players is not.
 *
 * - Sustained: each room appends its next message as soon as the last one is durable. Messages committed in
 *   the measured stretch, divided by its length.
 * - p99: message i is due at i / 50,000 s; from then until `append` has returned "committed". So a late
 *   sender makes the figure worse, never better.
 *
 * Commit interval, segment sizes and limits are those of the product.
 */
import { join } from 'node:path';
import { RecordKind, encodeRecord, recordLength } from '../../sdk/protocol/record.ts';
import { lockFile } from '../../src/lib/lock.real.ts';
import { realWorld } from '../../src/lib/world.real.ts';
import { createRealDisk } from '../../src/ports/room-log/journal/disk.real.ts';
import { type Journal, openJournal } from '../../src/ports/room-log/room-log.journal.ts';
import { EMPTY_HEAD } from '../../src/ports/room-log/room-log.ts';
import { Histogram } from '../lib/histogram.ts';
import { runStandalone, type MeasureLines, log, scaled } from './standalone.ts';

const ROOMS = 10_000;
const BODY_BYTES = 135;
const STEADY_PER_SECOND = 50_000;
const SUSTAINED_MIN = 200_000;
const P99_MS_MAX = 5;
const WARM_UP_MS = 2_000;
/** A room is trimmed after this many entries: at the fixed rate, after some seconds. */
const TRIM_ENTRIES = 64;
const EPOCH = 1;

export const journalLines: MeasureLines = async (options) => {
  const { folder, scale, seconds } = options;
  const directory = join(folder, `journal-${Bun.nanoseconds()}`);
  const opened = await openJournal({
    disk: createRealDisk(),
    directory,
    world: realWorld,
    lock: lockFile,
    fatal: (error) => {
      throw error;
    },
  });
  if (!opened.ok) throw new Error(opened.message);
  const { journal } = opened;
  try {
    const rooms = await openRooms(journal, scaled(ROOMS, options));
    log(`journal: ${rooms.length} rooms, as fast as possible`);
    const sustained = await measureSustained(rooms, seconds * 1_000);
    const rate = STEADY_PER_SECOND * scale;
    log(`journal: ${rate} messages/s`);
    const times = await measureAtRate(rooms, rate, seconds * 1_000);
    log(`journal: p50 ${times.quantile(0.5).toFixed(2)} ms, maximum ${times.max.toFixed(1)} ms`);
    return [
      { name: 'journal, sustained', unit: 'messages/s', value: sustained, min: SUSTAINED_MIN },
      {
        name: `journal, p99 at ${rate} messages/s`,
        unit: 'ms',
        value: times.quantile(0.99),
        max: P99_MS_MAX,
      },
    ];
  } finally {
    await journal.close();
  }
};

interface BenchRoom {
  readonly journal: Journal;
  readonly name: string;
  seq: number;
  trimmed: number;
  busy: boolean;
  /** Due times of the messages that wait for the append in flight. */
  waiting: number[];
}

async function openRooms(journal: Journal, count: number): Promise<readonly BenchRoom[]> {
  const names = Array.from({ length: count }, (_, index) => `bench${String(index).padStart(15, '0')}`);
  await Promise.all(
    names.map(async (name) => {
      const outcome = await journal.open(name, EPOCH, EMPTY_HEAD);
      if (!outcome.ok) throw new Error(`opening ${name}: ${outcome.why}`);
    }),
  );
  return names.map((name) => ({ journal, name, seq: 0, trimmed: 0, busy: false, waiting: [] }));
}

/** Appends `count` messages after the room's head, in a new buffer, which the journal keeps. */
async function append(room: BenchRoom, count: number): Promise<void> {
  const { journal, name, seq: prevSeq } = room;
  const lastSeq = prevSeq + count;
  const outcome = await journal.append({
    room: name,
    epoch: EPOCH,
    prevSeq,
    lastSeq,
    lastMs: lastSeq,
    records: recordsFrom(prevSeq + 1, count),
  });
  if (outcome !== 'committed') throw new Error(`append failed: ${outcome}`);
  room.seq = lastSeq;
  if (room.seq - room.trimmed < TRIM_ENTRIES) return;
  room.trimmed = room.seq;
  await journal.trim(name, room.seq);
}

/** Messages per second when each room appends again as soon as it can. */
async function measureSustained(rooms: readonly BenchRoom[], ms: number): Promise<number> {
  const began = performance.now();
  const from = began + WARM_UP_MS;
  const until = from + ms;
  let committed = 0;
  await Promise.all(
    rooms.map(async (room) => {
      while (performance.now() < until) {
        await append(room, 1);
        const now = performance.now();
        if (now >= from && now < until) committed++;
      }
    }),
  );
  return committed / (ms / 1_000);
}

/** Latencies at an even rate, from when each message was due. */
async function measureAtRate(rooms: readonly BenchRoom[], rate: number, ms: number): Promise<Histogram> {
  const times = new Histogram();
  const began = performance.now();
  const from = began + WARM_UP_MS;
  const until = from + ms;
  const failed = Promise.withResolvers<never>();
  const send = async (room: BenchRoom): Promise<void> => {
    room.busy = true;
    while (room.waiting.length > 0) {
      const due = room.waiting;
      room.waiting = [];
      await append(room, due.length);
      const now = performance.now();
      for (const at of due) if (at >= from && at < until) times.add(now - at);
    }
    room.busy = false;
  };
  const arrivals = (async () => {
    for (let next = 0; performance.now() < until; await nextTurn()) {
      const now = performance.now();
      for (let due = began + (next * 1_000) / rate; due <= now; due = began + (next * 1_000) / rate) {
        const room = rooms[next++ % rooms.length] as BenchRoom;
        room.waiting.push(due);
        if (!room.busy) send(room).catch(failed.reject);
      }
    }
  })();
  await Promise.race([arrivals, failed.promise]);
  while (rooms.some(({ busy }) => busy)) await Promise.race([Bun.sleep(1), failed.promise]);
  return times;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

const body = new Uint8Array(BODY_BYTES).fill(120);
const header = { kind: RecordKind.move, seq: 0, ms: 0, seat: 1, client: 1, clientSeq: 0 };

function recordsFrom(first: number, count: number): Uint8Array {
  const seqs = Array.from({ length: count }, (_, index) => first + index);
  const of = (seq: number) => ({ ...header, seq, ms: seq, clientSeq: seq });
  const records = new Uint8Array(seqs.reduce((sum, seq) => sum + recordLength(of(seq), BODY_BYTES), 0));
  seqs.reduce((at, seq) => encodeRecord(records, at, of(seq), body), 0);
  return records;
}

if (import.meta.main) await runStandalone(journalLines);
