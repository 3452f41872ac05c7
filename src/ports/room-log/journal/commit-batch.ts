/** One group commit: selects operations, encodes them, and applies them to the rooms when the commit is durable. */
import {
  EntryType,
  type RoomState,
  appendLengthMax,
  roomStateLengthMax,
  movedLengthMax,
  trimLengthMax,
  writeAppend,
  writeRoomState,
  writeMoved,
  writeTrim,
} from './entries.ts';
import type { Append, AppendOutcome, Head, OpenOutcome } from '../room-log.ts';
import { type CommitLocation, type JournalRoom, StoredRun } from './journal-room.ts';
import type { JournalRooms } from './journal-rooms.ts';
import { COMMIT_HEADER_BYTES, commitLength } from './segment.ts';
import type { CommitPayload } from './segment-create.ts';

export interface AppendOperation {
  readonly kind: 'append';
  readonly room: JournalRoom;
  readonly entry: Append;
  readonly resolve: (outcome: AppendOutcome) => void;
}

export interface OpenOperation {
  readonly kind: 'open';
  readonly room: JournalRoom;
  readonly epoch: number;
  readonly archived: Head;
  readonly resolve: (outcome: OpenOutcome) => void;
}

/** Compaction: writes live runs again, into the active segment. */
export interface MoveOperation {
  readonly kind: 'move';
  readonly room: JournalRoom;
  readonly runs: readonly StoredRun[];
  /** true = the runs that were still live are durable in the active segment. */
  readonly resolve: (moved: boolean) => void;
}

export type Operation = AppendOperation | OpenOperation | MoveOperation;

/** Size of an operation in the queue, not counting its records. */
const OPERATION_BYTES = 128;

const BUFFER_BYTES = 64 * 1024;
/** A larger buffer is released after its commit. */
const BUFFER_KEPT_MAX = 1024 * 1024;

export class CommitBatch {
  private readonly rooms: JournalRooms;
  private number = 0;
  private appends: AppendOperation[] = [];
  private opens: { readonly operation: OpenOperation; readonly state: RoomState }[] = [];
  private moves: MoveOperation[] = [];
  private buffer = new Uint8Array(BUFFER_BYTES);
  private end = COMMIT_HEADER_BYTES;
  recordBytes = 0;

  constructor(rooms: JournalRooms) {
    this.rooms = rooms;
  }

  get isEmpty(): boolean {
    return this.end === COMMIT_HEADER_BYTES;
  }

  payload(): CommitPayload {
    return { buffer: this.buffer, length: this.end - COMMIT_HEADER_BYTES };
  }

  /**
   * Takes trims and queued operations and returns the operations that must wait: a commit takes at most one per
   * room, so that each is checked against durable state. Fenced operations are resolved here.
   */
  take(queue: readonly Operation[], trims: Iterable<JournalRoom>): Operation[] {
    this.number++;
    this.resetBuffer(queue, trims);
    for (const room of trims) this.end = writeTrim(this.buffer, this.end, room.name, room.trimmed);
    const waiting: Operation[] = [];
    for (const operation of queue) {
      if (operation.room.batch === this.number) {
        waiting.push(operation);
        continue;
      }
      operation.room.batch = this.number;
      if (operation.kind === 'append') this.takeAppend(operation);
      else if (operation.kind === 'open') this.takeOpen(operation);
      else this.takeMove(operation);
    }
    return waiting;
  }

  /** The commit is durable: updates the rooms and resolves the operations. */
  apply(location: CommitLocation): void {
    for (const { operation, state } of this.opens) {
      const { room } = operation;
      this.rooms.setState(room, state);
      room.owned = true;
      room.pending--;
      const { epoch, seq, ms } = room;
      operation.resolve({ ok: true, head: { epoch, seq, ms }, trimmed: room.trimmed });
    }
    for (const operation of this.appends) {
      const { room, entry } = operation;
      this.rooms.append(room, entry.prevSeq + 1, entry.lastSeq, entry.records, location);
      room.seq = entry.lastSeq;
      room.ms = entry.lastMs;
      room.appending = 0;
      room.pending--;
      operation.resolve('committed');
    }
    for (const { room, runs, resolve } of this.moves) {
      for (const run of runs) if (isLive(room, run)) this.rooms.moveRun(room, relocated(location, run));
      room.pending--;
      resolve(true);
    }
    this.clear();
  }

  /** The commit was not written ('refused'), or may have been ('unknown'). */
  refuse(outcome: 'refused' | 'unknown'): void {
    const operations = [...this.opens.map(({ operation }) => operation), ...this.appends, ...this.moves];
    this.clear();
    for (const operation of operations) this.refuseOne(operation, outcome);
  }

  refuseOne(operation: Operation, outcome: 'fenced' | 'refused' | 'unknown'): void {
    const { room } = operation;
    room.pending--;
    if (operation.kind === 'append') {
      if (room.appending === operation.entry.epoch) room.appending = 0;
      operation.resolve(outcome);
    } else if (operation.kind === 'move') {
      operation.resolve(false);
    } else if (outcome === 'fenced') {
      operation.resolve({ ok: false, why: 'fenced', epoch: fenceOf(operation) });
    } else {
      operation.resolve({ ok: false, why: 'refused' });
    }
    this.rooms.evictIfUnopened(room);
  }

  private takeAppend(operation: AppendOperation): void {
    const { room, entry } = operation;
    if (room.epoch !== entry.epoch || room.seq !== entry.prevSeq) {
      this.refuseOne(operation, 'fenced');
      return;
    }
    this.end = writeAppend(this.buffer, this.end, room.name, entry);
    this.recordBytes += entry.records.length;
    this.appends.push(operation);
  }

  private takeOpen(operation: OpenOperation): void {
    const { room, epoch, archived } = operation;
    if (epoch <= fenceOf(operation)) {
      this.refuseOne(operation, 'fenced');
      return;
    }
    const state = {
      epoch,
      seq: Math.max(room.seq, archived.seq),
      ms: Math.max(room.ms, archived.ms),
      trimmed: Math.max(room.trimmed, archived.seq),
    };
    this.end = writeRoomState(this.buffer, this.end, EntryType.fence, room.name, state);
    this.opens.push({ operation, state });
  }

  private takeMove(operation: MoveOperation): void {
    const { room, runs, resolve } = operation;
    const live = runs.filter((run) => isLive(room, run));
    for (const run of live) this.end = writeMoved(this.buffer, this.end, room.name, run);
    if (live.length > 0) {
      this.moves.push(operation);
      return;
    }
    room.pending--;
    resolve(true);
  }

  private resetBuffer(queue: readonly Operation[], trims: Iterable<JournalRoom>): void {
    let length = COMMIT_HEADER_BYTES;
    for (const room of trims) length += trimLengthMax(room.name);
    for (const operation of queue) length += lengthMax(operation);
    const wanted = commitLength(length);
    if (wanted > this.buffer.length) this.buffer = new Uint8Array(wanted);
    this.end = COMMIT_HEADER_BYTES;
  }

  private clear(): void {
    this.appends = [];
    this.opens = [];
    this.moves = [];
    this.recordBytes = 0;
    this.end = COMMIT_HEADER_BYTES;
    if (this.buffer.length > BUFFER_KEPT_MAX) this.buffer = new Uint8Array(BUFFER_BYTES);
  }
}

/** Size of the operation in the queue. */
export function queuedBytesOf(operation: Operation): number {
  if (operation.kind === 'append') return OPERATION_BYTES + operation.entry.records.length;
  if (operation.kind === 'open') return OPERATION_BYTES;
  return operation.runs.reduce((sum, run) => sum + run.length, OPERATION_BYTES);
}

function lengthMax(operation: Operation): number {
  const { name } = operation.room;
  if (operation.kind === 'append') return appendLengthMax(name, operation.entry.records);
  if (operation.kind === 'open') return roomStateLengthMax(name);
  return operation.runs.reduce((sum, run) => sum + movedLengthMax(name, run.length), 0);
}

/** The run may have been trimmed while the operation waited. */
function isLive(room: JournalRoom, run: StoredRun): boolean {
  return run.last > room.trimmed;
}

/** Keeps the time of the original commit. */
function relocated({ segment }: CommitLocation, { first, last, records, location }: StoredRun): StoredRun {
  return new StoredRun(first, last, records, { segment, at: location.at });
}

/** The highest epoch in the log and in the archive. */
function fenceOf({ room, archived }: OpenOperation): number {
  return Math.max(room.epoch, archived.epoch);
}
