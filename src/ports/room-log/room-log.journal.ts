/**
 * The embedded room log: segment files on this host's disk (`segment.ts` has their layout), live
 * entries in memory, group commit for all rooms together (`committer.ts` has pace and states).
 *
 * One folder per slot, one process per folder (a lock), one segment written at a time. Every call
 * answers from what is durable.
 */
import type { World } from '../../lib/world.ts';
import type { Operation } from './journal/commit-batch.ts';
import { Committer } from './journal/committer.ts';
import { type CompactionDeps, compact } from './journal/compaction.ts';
import { type Disk, DiskError } from './journal/disk.ts';
import {
  BASE_LENGTH_MAX,
  EntryType,
  isRoomName,
  markLengthMax,
  writeBase,
  writeMark,
} from './journal/entries.ts';
import { recover } from './journal/recovery.ts';
import type {
  Append,
  AppendOutcome,
  Head,
  LiveRoom,
  LogState,
  OpenOutcome,
  RoomLog,
  Run,
} from './room-log.ts';
import { JournalRooms, markOf } from './journal/journal-rooms.ts';
import type { Payload } from './journal/segment-make.ts';
import { type SegmentPlan, SegmentWriter } from './journal/segment-writer.ts';
import { COMMIT_HEADER_BYTES, SALT_BYTES, commitLength } from './journal/segment.ts';
import { NamesNotDurable, SegmentSpace } from './journal/segment-space.ts';
import type { StoredRun } from './journal/stored-run.ts';

/** A segment is left as it is for so long after everything in it was trimmed: a backup may be copying it. */
export const KEEP_MS = 10 * 60_000;
const SWEEP_MS = 60_000;

export interface JournalLimits {
  readonly segmentBytes: number;
  /** Disk space is taken ahead in steps of this. */
  readonly stepBytes: number;
  /** Free space that is left to the rest of the program, less on a small disk: `space.ts`. */
  readonly reserveBytes: number;
  /** A segment that so many newer ones follow is emptied if little of it is live: `compaction.ts`. */
  readonly segmentsBehindMax: number;
  /** Segments that nothing needs and whose space is kept to be used again. */
  readonly sparesMax: number;
  readonly queueBytesMax: number;
  readonly liveBytesMax: number;
}

export const JOURNAL_LIMITS: JournalLimits = {
  segmentBytes: 64 * 1024 * 1024,
  stepBytes: 4 * 1024 * 1024,
  reserveBytes: 128 * 1024 * 1024,
  segmentsBehindMax: 16,
  sparesMax: 2,
  queueBytesMax: 16 * 1024 * 1024,
  liveBytesMax: 2 * 1024 * 1024 * 1024,
};

export interface JournalOptions {
  readonly disk: Disk;
  /** The slot's own folder; made if it is not there. */
  readonly directory: string;
  readonly world: World;
  /** Locks a file between processes without waiting (`lib/lock.real.ts`). */
  readonly lock: (path: string) => { readonly ok: true; release(): void } | { readonly ok: false };
  /**
   * The disk failed. Nothing further is taken; the process must stop and be started again. Called
   * once, after the appends under way were answered 'unknown'.
   */
  readonly fatal: (error: Error) => void;
  readonly limits?: Partial<JournalLimits>;
}

export type JournalFault =
  | 'journal-in-use'
  | 'journal-damaged'
  | 'journal-newer-format'
  | 'journal-disk-full'
  | 'journal-unusable';

export type JournalOutcome =
  | { readonly ok: true; readonly journal: Journal }
  /** `message` is a sentence for the operator; nothing was damaged. */
  | { readonly ok: false; readonly code: JournalFault; readonly message: string };

export interface Journal extends RoomLog {
  /** How often this journal has been opened. */
  readonly boot: number;
}

/** Verifies and loads what is there, then serves. */
export async function openJournal(options: JournalOptions): Promise<JournalOutcome> {
  const { disk, directory } = options;
  let release: (() => void) | null = null;
  try {
    await disk.makeDirectory(directory);
    const lock = options.lock(`${directory}/lock`);
    if (!lock.ok)
      return refusal('journal-in-use', `Another process uses the journal in ${directory}; stop it first.`);
    release = lock.release;
    const outcome = await load(options, release);
    if (!outcome.ok) release();
    return outcome;
  } catch (error) {
    release?.();
    return unusable(directory, error);
  }
}

async function load(options: JournalOptions, release: () => void): Promise<JournalOutcome> {
  const { disk, directory, world } = options;
  const limits = { ...JOURNAL_LIMITS, ...options.limits };
  const rooms = new JournalRooms(world.clock.mono);
  const recovered = await recover(disk, directory, rooms);
  if (!recovered.ok) return recovered;
  const space = new SegmentSpace(disk, directory, limits);
  await space.adopt(recovered.spares);
  const plan: SegmentPlan = {
    disk,
    directory,
    space,
    segmentBytes: limits.segmentBytes,
    stepBytes: limits.stepBytes,
    snapshot: (number) => snapshotOf(rooms, number),
    salt: () => drawSalt(world),
  };
  const writer = recovered.last
    ? await SegmentWriter.resumed(plan, recovered.last)
    : await SegmentWriter.first(plan);
  if (writer === 'full') {
    const needed = limits.reserveBytes + limits.stepBytes;
    return refusal(
      'journal-disk-full',
      `The disk of ${directory} needs ${megabytes(needed)} of free space to start.`,
    );
  }
  return { ok: true, journal: new FileJournal(options, limits, rooms, space, writer, release) };
}

class FileJournal implements Journal {
  readonly boot: number;
  readonly #options: JournalOptions;
  readonly #rooms: JournalRooms;
  readonly #space: SegmentSpace;
  readonly #writer: SegmentWriter;
  readonly #committer: Committer;
  readonly #compaction: CompactionDeps;
  readonly #release: () => void;
  #cancelSweep: () => void = () => {};
  #sweeping: Promise<void> = Promise.resolve();
  #closed: Promise<void> | null = null;

  constructor(
    options: JournalOptions,
    limits: JournalLimits,
    rooms: JournalRooms,
    space: SegmentSpace,
    writer: SegmentWriter,
    release: () => void,
  ) {
    const { world, fatal } = options;
    const probeBytes = Math.ceil(limits.stepBytes / 4);
    this.boot = writer.boot;
    this.#options = options;
    this.#rooms = rooms;
    this.#space = space;
    this.#writer = writer;
    this.#release = release;
    this.#committer = new Committer({ world, rooms, writer, fatal, limits: { ...limits, probeBytes } });
    this.#compaction = {
      world,
      rooms,
      limits,
      present: () => writer.segment,
      add: (operation) => this.#committer.add(operation),
      stopped: () => this.#closed !== null,
    };
    this.#scheduleSweep();
  }

  open(name: string, epoch: number, archived: Head): Promise<OpenOutcome> {
    if (!isRoomName(name)) throw new Error(`not the name of a room: ${name}`);
    const room = this.#rooms.ensure(name);
    return new Promise((answer) => {
      if (this.#committer.add({ kind: 'open', room, epoch, archived, answer })) return;
      this.#rooms.forgetUnopened(room);
      answer({ ok: false, why: 'refused' });
    });
  }

  append(entry: Append): Promise<AppendOutcome> {
    const { epoch, prevSeq, lastSeq, records } = entry;
    if (lastSeq <= prevSeq || records.length === 0) throw new Error(`nothing to append to ${entry.room}`);
    const room = this.#rooms.get(entry.room);
    if (!room) return Promise.resolve('fenced');
    if (room.appending === epoch) throw new Error(`a second append to ${entry.room} while one is under way`);
    return new Promise((answer) => {
      const operation: Operation = { kind: 'append', room, entry, answer };
      if (!this.#committer.add(operation)) answer('refused');
      else if (epoch === room.epoch) room.appending = epoch;
    });
  }

  async read(name: string, afterSeq: number, maxBytes: number): Promise<readonly Run[]> {
    const runs = this.#rooms.get(name)?.runs ?? [];
    const first = firstBehind(runs, afterSeq);
    let end = first;
    for (let bytes = 0; end < runs.length; end++) {
      bytes += runs[end]!.length;
      if (bytes > maxBytes && end > first) break;
    }
    return runs.slice(first, end).map((run) => run.seal());
  }

  async trim(name: string, uptoSeq: number): Promise<void> {
    const room = this.#rooms.get(name);
    const upto = Math.min(uptoSeq, room?.seq ?? 0);
    if (!room || upto <= room.trimmed) return;
    this.#rooms.trim(room, upto);
    this.#committer.noteTrim(room);
    // Forgotten later (#sweep): who opens it now may have read the archive before this was in it.
    room.unownedSince = this.#options.world.clock.mono();
  }

  async release(name: string, epoch: number): Promise<void> {
    const room = this.#rooms.get(name);
    if (!room || room.epoch !== epoch) return;
    room.owned = false;
    room.unownedSince = this.#options.world.clock.mono();
  }

  async liveRooms(): Promise<readonly LiveRoom[]> {
    const live: LiveRoom[] = [];
    for (const room of this.#rooms.all()) {
      const oldest = room.runs[0];
      if (!oldest) continue;
      const { epoch, seq, ms } = room;
      const { name, trimmed, bytes } = room;
      live.push({ room: name, head: { epoch, seq, ms }, trimmed, bytes, oldestAt: oldest.place.at });
    }
    return live;
  }

  onState(listener: (state: LogState) => void): void {
    this.#committer.onState(listener);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#cancelSweep();
    await this.#sweeping;
    await this.#committer.close();
    try {
      await this.#writer.close();
    } finally {
      this.#release();
    }
  }

  #scheduleSweep(): void {
    this.#cancelSweep = this.#options.world.timers.after(SWEEP_MS, () => {
      this.#sweeping = this.#sweep()
        .catch((error: unknown) => {
          if (error instanceof NamesNotDurable) return this.#committer.fail(error);
          // Nothing depends on it; a disk that fails is met by the next commit.
          if (!(error instanceof DiskError)) throw error;
        })
        .then(() => {
          if (!this.#closed) this.#scheduleSweep();
        });
    });
  }

  /** Puts aside what nothing needs any more. What cannot be moved now is tried again next time. */
  async #sweep(): Promise<void> {
    const { clock } = this.#options.world;
    this.#rooms.forgetUnowned(KEEP_MS);
    await compact(this.#compaction);
    if (this.#committer.isDead) return;
    // A segment goes only once the trims that emptied it are durable: a restart must not miss it.
    const before = Math.min(clock.mono() - KEEP_MS, this.#committer.trimsDurableBefore());
    const unused = this.#rooms.unusedSegments(before).map(({ number }) => number);
    const gone = await this.#space.retire(unused.filter((number) => number !== this.#writer.segment));
    for (const number of gone) this.#rooms.forgetSegment(number);
  }
}

/** Index of the first run with entries after `seq`. */
function firstBehind(runs: readonly StoredRun[], seq: number): number {
  let low = 0;
  let high = runs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (runs[middle]!.last > seq) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** All rooms as they durably are: the first commit of a segment. */
function snapshotOf(rooms: JournalRooms, segment: number): Payload {
  let length = COMMIT_HEADER_BYTES + BASE_LENGTH_MAX;
  for (const room of rooms.all()) length += markLengthMax(room.name);
  const buffer = new Uint8Array(commitLength(length));
  let end = writeBase(buffer, COMMIT_HEADER_BYTES, rooms.oldestNeeded(segment));
  for (const room of rooms.all()) {
    if (room.epoch > 0) end = writeMark(buffer, end, EntryType.room, room.name, markOf(room));
  }
  return { buffer, length: end - COMMIT_HEADER_BYTES };
}

function drawSalt(world: World): Uint8Array {
  const salt = world.random.bytes(SALT_BYTES);
  // Zeros are what empty space looks like.
  if (salt.every((byte) => byte === 0)) salt[0] = 1;
  return salt;
}

function refusal(code: JournalFault, message: string): JournalOutcome {
  return { ok: false, code, message };
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1_000_000)} MB`;
}

function unusable(directory: string, error: unknown): JournalOutcome {
  if (error instanceof DiskError && error.fault === 'full') {
    return refusal('journal-disk-full', `The disk of ${directory} is full; make room on it.`);
  }
  const reason = error instanceof Error ? error.message : String(error);
  return refusal('journal-unusable', `The journal in ${directory} cannot be used: ${reason}`);
}
