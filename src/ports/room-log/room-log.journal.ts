/**
 * The embedded room log: a write-ahead log in segment files (format in `journal/segment.ts`), with the live entries
 * in memory and group commit for all rooms (timing and states in `journal/committer.ts`).
 *
 * One folder per slot, one process per folder (lock file), one active segment. Results contain durable data only.
 */
import { pause } from '../../lib/pause.ts';
import type { World } from '../../lib/world.ts';
import type { Operation } from './journal/commit-batch.ts';
import { Committer } from './journal/committer.ts';
import { type CompactionDeps, compact } from './journal/compaction.ts';
import { type Disk, DiskError } from './journal/disk.ts';
import {
  EntryType,
  SNAPSHOT_LENGTH_MAX,
  isRoomName,
  roomStateLengthMax,
  writeRoomState,
  writeSnapshot,
} from './journal/entries.ts';
import { type StoredRun, roomStateOf } from './journal/journal-room.ts';
import { JournalRooms } from './journal/journal-rooms.ts';
import { recover } from './journal/recovery.ts';
import type { CommitPayload } from './journal/segment-create.ts';
import { DirectorySyncError, SegmentSpace } from './journal/segment-space.ts';
import { SegmentWriter, type SegmentWriterDeps } from './journal/segment-writer.ts';
import { COMMIT_HEADER_BYTES, SALT_BYTES, commitLength } from './journal/segment.ts';
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

/** Segments stay unchanged this long after all their entries were trimmed, since a backup may be copying them. */
export const RETENTION_MS = 10 * 60_000;
const SWEEP_INTERVAL_MS = 60_000;
const LOCK_RETRY_MS = 100;

export interface JournalLimits {
  readonly segmentBytes: number;
  /** Preallocation step. */
  readonly stepBytes: number;
  /** Free disk space left to others, at most 5 % of the disk: `journal/segment-space.ts`. */
  readonly reserveBytes: number;
  /** Segments older than this many newest ones may be compacted: `journal/compaction.ts`. */
  readonly compactionLagSegments: number;
  /** Maximum number of segments that are kept for recycling. */
  readonly sparesMax: number;
  /** Operations beyond this many queued bytes are refused. */
  readonly queueBytesMax: number;
  /** Beyond this many live bytes the journal goes on hold. */
  readonly liveBytesMax: number;
}

export const JOURNAL_LIMITS: JournalLimits = {
  segmentBytes: 64 * 1024 * 1024,
  stepBytes: 4 * 1024 * 1024,
  reserveBytes: 128 * 1024 * 1024,
  compactionLagSegments: 16,
  sparesMax: 2,
  queueBytesMax: 16 * 1024 * 1024,
  liveBytesMax: 2 * 1024 * 1024 * 1024,
};

export interface JournalDeps {
  readonly disk: Disk;
  /** Folder of the slot; created if missing. */
  readonly directory: string;
  readonly world: World;
  /** Tries to lock a file against other processes (`lib/lock.real.ts`). */
  readonly lock: (path: string) => { readonly ok: true; release(): void } | { readonly ok: false };
  /** How long to wait for the lock; default 0. */
  readonly lockWaitMs?: number;
  /**
   * The disk failed and the process must be restarted. Called once, after appends in progress were resolved with
   * 'unknown'; later operations are refused.
   */
  readonly fatal: (error: Error) => void;
  /** Called at each read while the journal is being recovered. */
  readonly onProgress?: () => void;
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
  /** `message` is for the operator. */
  | { readonly ok: false; readonly code: JournalFault; readonly message: string };

export interface Journal extends RoomLog {
  /** How often this journal was opened. */
  readonly boot: number;
}

/** Locks, verifies and recovers the journal. */
export async function openJournal(deps: JournalDeps): Promise<JournalOutcome> {
  const { disk, directory } = deps;
  let unlock: (() => void) | null = null;
  try {
    await disk.makeDirectory(directory);
    unlock = await acquireLock(deps);
    if (!unlock)
      return failure('journal-in-use', `Another process uses the journal in ${directory}; stop it first.`);
    const outcome = await load(deps, unlock);
    if (!outcome.ok) unlock();
    return outcome;
  } catch (error) {
    unlock?.();
    return unusable(directory, error);
  }
}

/** Returns the release function; null = another process still holds the lock after `lockWaitMs`. */
async function acquireLock({ lock, directory, world, lockWaitMs = 0 }: JournalDeps) {
  const { clock, timers } = world;
  const deadline = clock.mono() + lockWaitMs;
  for (;;) {
    const outcome = lock(`${directory}/lock`);
    if (outcome.ok) return () => outcome.release();
    if (clock.mono() >= deadline) return null;
    await pause(timers, LOCK_RETRY_MS);
  }
}

async function load(deps: JournalDeps, unlock: () => void): Promise<JournalOutcome> {
  const { disk, directory, world, onProgress = () => {} } = deps;
  const limits = { ...JOURNAL_LIMITS, ...deps.limits };
  const rooms = new JournalRooms(world.clock.mono);
  const recovered = await recover({ disk, directory, rooms, onProgress });
  if (!recovered.ok) return recovered;
  const space = new SegmentSpace(disk, directory, limits);
  await space.addSpares(recovered.spares);
  const writerDeps: SegmentWriterDeps = {
    disk,
    directory,
    space,
    segmentBytes: limits.segmentBytes,
    stepBytes: limits.stepBytes,
    encodeSnapshot: (number) => encodeSnapshot(rooms, number),
    newSalt: () => newSalt(world),
  };
  const writer = recovered.last
    ? await SegmentWriter.resume(writerDeps, recovered.last)
    : await SegmentWriter.create(writerDeps);
  if (writer === 'full') {
    const needed = limits.reserveBytes + limits.stepBytes;
    return failure(
      'journal-disk-full',
      `The disk of ${directory} needs ${megabytes(needed)} of free space to start.`,
    );
  }
  return { ok: true, journal: new FileJournal(deps, limits, rooms, space, writer, unlock) };
}

class FileJournal implements Journal {
  readonly boot: number;
  private readonly deps: JournalDeps;
  private readonly rooms: JournalRooms;
  private readonly space: SegmentSpace;
  private readonly writer: SegmentWriter;
  private readonly committer: Committer;
  private readonly compactionDeps: CompactionDeps;
  private readonly unlock: () => void;
  private cancelSweep: () => void = () => {};
  private sweeping: Promise<void> = Promise.resolve();
  private closed: Promise<void> | null = null;

  constructor(
    deps: JournalDeps,
    limits: JournalLimits,
    rooms: JournalRooms,
    space: SegmentSpace,
    writer: SegmentWriter,
    unlock: () => void,
  ) {
    const { world, fatal } = deps;
    const probeBytes = Math.ceil(limits.stepBytes / 4);
    this.boot = writer.boot;
    this.deps = deps;
    this.rooms = rooms;
    this.space = space;
    this.writer = writer;
    this.unlock = unlock;
    this.committer = new Committer({ world, rooms, writer, fatal, limits: { ...limits, probeBytes } });
    this.compactionDeps = {
      world,
      rooms,
      limits,
      activeSegment: () => writer.segment,
      enqueue: (operation) => this.committer.enqueue(operation),
      isStopped: () => this.closed !== null,
    };
    this.scheduleSweep();
  }

  open(name: string, epoch: number, archived: Head): Promise<OpenOutcome> {
    if (!isRoomName(name)) throw new Error(`invalid room name: ${name}`);
    const room = this.rooms.getOrCreate(name);
    return new Promise((resolve) => {
      if (this.committer.enqueue({ kind: 'open', room, epoch, archived, resolve })) return;
      this.rooms.evictIfUnopened(room);
      resolve({ ok: false, why: 'refused' });
    });
  }

  append(entry: Append): Promise<AppendOutcome> {
    const { epoch, prevSeq, lastSeq, records } = entry;
    if (lastSeq <= prevSeq || records.length === 0) throw new Error(`nothing to append to ${entry.room}`);
    const room = this.rooms.get(entry.room);
    if (!room) return Promise.resolve('fenced');
    if (room.appending === epoch)
      throw new Error(`a second append to ${entry.room} while one is in progress`);
    return new Promise((resolve) => {
      const operation: Operation = { kind: 'append', room, entry, resolve };
      if (!this.committer.enqueue(operation)) resolve('refused');
      else if (epoch === room.epoch) room.appending = epoch;
    });
  }

  async read(name: string, afterSeq: number, maxBytes: number): Promise<readonly Run[]> {
    const runs = this.rooms.get(name)?.runs ?? [];
    const first = firstRunAfter(runs, afterSeq);
    let end = first;
    for (let bytes = 0; end < runs.length; end++) {
      bytes += runs[end]!.length;
      if (bytes > maxBytes && end > first) break;
    }
    return runs.slice(first, end).map((run) => run.seal());
  }

  async trim(name: string, uptoSeq: number): Promise<void> {
    const room = this.rooms.get(name);
    const upto = Math.min(uptoSeq, room?.seq ?? 0);
    if (!room || upto <= room.trimmed) return;
    this.rooms.trim(room, upto);
    this.committer.enqueueTrim(room);
    // The room stays for RETENTION_MS: a caller of `open` may have read the archive before these entries were in it.
    room.unownedSince = this.deps.world.clock.mono();
  }

  async release(name: string, epoch: number): Promise<void> {
    const room = this.rooms.get(name);
    if (!room || room.epoch !== epoch) return;
    room.owned = false;
    room.unownedSince = this.deps.world.clock.mono();
  }

  async liveRooms(): Promise<readonly LiveRoom[]> {
    const live: LiveRoom[] = [];
    for (const room of this.rooms.all()) {
      const oldest = room.runs[0];
      if (!oldest) continue;
      const { epoch, seq, ms } = room;
      const { name, trimmed, bytes } = room;
      live.push({ room: name, head: { epoch, seq, ms }, trimmed, bytes, oldestAt: oldest.location.at });
    }
    return live;
  }

  onState(listener: (state: LogState) => void): void {
    this.committer.onState(listener);
  }

  close(): Promise<void> {
    this.closed ??= this.shutDown();
    return this.closed;
  }

  private async shutDown(): Promise<void> {
    this.cancelSweep();
    await this.sweeping;
    await this.committer.close();
    try {
      await this.writer.close();
    } finally {
      this.unlock();
    }
  }

  private scheduleSweep(): void {
    this.cancelSweep = this.deps.world.timers.after(SWEEP_INTERVAL_MS, () => {
      this.sweeping = this.sweep()
        .catch((error: unknown) => {
          if (error instanceof DirectorySyncError) return this.committer.fail(error);
          // The next sweep retries; a commit reports a failing disk.
          if (!(error instanceof DiskError)) throw error;
        })
        .then(() => {
          if (!this.closed) this.scheduleSweep();
        });
    });
  }

  /** Evicts idle rooms, compacts, and recycles or removes segments without live entries. */
  private async sweep(): Promise<void> {
    const { clock } = this.deps.world;
    this.rooms.evictUnowned(RETENTION_MS);
    await compact(this.compactionDeps);
    if (this.committer.hasFailed) return;
    // Only segments whose trims are durable: otherwise recovery would still need the segment.
    const before = Math.min(clock.mono() - RETENTION_MS, this.committer.trimsDurableBefore());
    const unused = this.rooms.unusedSegments(before).map(({ number }) => number);
    const done = await this.space.recycleOrRemove(unused.filter((number) => number !== this.writer.segment));
    for (const number of done) this.rooms.removeSegment(number);
  }
}

/** Index of the first run with entries after `seq`; runs.length if none. */
function firstRunAfter(runs: readonly StoredRun[], seq: number): number {
  let low = 0;
  let high = runs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (runs[middle]!.last > seq) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The first commit of a segment: the durable state of all rooms. */
function encodeSnapshot(rooms: JournalRooms, segment: number): CommitPayload {
  let length = COMMIT_HEADER_BYTES + SNAPSHOT_LENGTH_MAX;
  for (const room of rooms.all()) length += roomStateLengthMax(room.name);
  const buffer = new Uint8Array(commitLength(length));
  let end = writeSnapshot(buffer, COMMIT_HEADER_BYTES, rooms.oldestLiveSegment(segment));
  for (const room of rooms.all()) {
    if (room.epoch > 0) end = writeRoomState(buffer, end, EntryType.room, room.name, roomStateOf(room));
  }
  return { buffer, length: end - COMMIT_HEADER_BYTES };
}

function newSalt(world: World): Uint8Array {
  const salt = world.random.bytes(SALT_BYTES);
  // Unused space is all zeros, which must not look like a salt.
  if (salt.every((byte) => byte === 0)) salt[0] = 1;
  return salt;
}

function failure(code: JournalFault, message: string): JournalOutcome {
  return { ok: false, code, message };
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1_000_000)} MB`;
}

function unusable(directory: string, error: unknown): JournalOutcome {
  if (error instanceof DiskError && error.fault === 'full') {
    return failure('journal-disk-full', `The disk of ${directory} is full; free some space on it.`);
  }
  const reason = error instanceof Error ? error.message : String(error);
  return failure('journal-unusable', `The journal in ${directory} cannot be used: ${reason}`);
}
