/** One commit in the making: which operations it takes, their bytes, and what follows from them. */
import {
  EntryType,
  type RoomMark,
  appendLengthMax,
  markLengthMax,
  movedLengthMax,
  trimLengthMax,
  writeAppend,
  writeMark,
  writeMoved,
  writeTrim,
} from './entries.ts';
import type { Append, AppendOutcome, Head, OpenOutcome } from '../room-log.ts';
import type { CommitPlace, JournalRoom, JournalRooms } from './journal-rooms.ts';
import { COMMIT_HEADER_BYTES, commitLength } from './segment.ts';
import type { Payload } from './segment-make.ts';
import { StoredRun } from './stored-run.ts';

export interface AppendOperation {
  readonly kind: 'append';
  readonly room: JournalRoom;
  readonly entry: Append;
  readonly answer: (outcome: AppendOutcome) => void;
}

export interface OpenOperation {
  readonly kind: 'open';
  readonly room: JournalRoom;
  readonly epoch: number;
  readonly archived: Head;
  readonly answer: (outcome: OpenOutcome) => void;
}

/** Live runs that are to stand in the present segment, too. */
export interface MoveOperation {
  readonly kind: 'move';
  readonly room: JournalRoom;
  readonly runs: readonly StoredRun[];
  /** True: those that were still live are durable in their new place. */
  readonly answer: (moved: boolean) => void;
}

export type Operation = AppendOperation | OpenOperation | MoveOperation;

/** What an operation counts for in the queue beside its records. */
const OPERATION_BYTES = 128;

const BUFFER_BYTES = 64 * 1024;
/** A buffer that had to be larger than this is given back after the commit. */
const BUFFER_KEPT_MAX = 1024 * 1024;

export class CommitBatch {
  readonly #rooms: JournalRooms;
  #number = 0;
  #appends: AppendOperation[] = [];
  #opens: { readonly operation: OpenOperation; readonly mark: RoomMark }[] = [];
  #moves: MoveOperation[] = [];
  #buffer = new Uint8Array(BUFFER_BYTES);
  #end = COMMIT_HEADER_BYTES;
  recordBytes = 0;

  constructor(rooms: JournalRooms) {
    this.#rooms = rooms;
  }

  get isEmpty(): boolean {
    return this.#end === COMMIT_HEADER_BYTES;
  }

  payload(): Payload {
    return { buffer: this.#buffer, length: this.#end - COMMIT_HEADER_BYTES };
  }

  /**
   * Takes trims and queued operations, and answers the operations that have to wait: of each room
   * only one goes into a commit, so that each is judged by what is durable. Those that are fenced
   * are answered at once.
   */
  take(queue: readonly Operation[], trims: Iterable<JournalRoom>): Operation[] {
    this.#number++;
    this.#begin(queue, trims);
    for (const room of trims) this.#end = writeTrim(this.#buffer, this.#end, room.name, room.trimmed);
    const waiting: Operation[] = [];
    for (const operation of queue) {
      if (operation.room.batch === this.#number) {
        waiting.push(operation);
        continue;
      }
      operation.room.batch = this.#number;
      if (operation.kind === 'append') this.#takeAppend(operation);
      else if (operation.kind === 'open') this.#takeOpen(operation);
      else this.#takeMove(operation);
    }
    return waiting;
  }

  /** The commit is durable: so is everything in it. */
  apply(place: CommitPlace): void {
    for (const { operation, mark } of this.#opens) {
      const { room } = operation;
      this.#rooms.place(room, mark);
      room.owned = true;
      room.pending--;
      const { epoch, seq, ms } = room;
      operation.answer({ ok: true, head: { epoch, seq, ms }, trimmed: room.trimmed });
    }
    for (const operation of this.#appends) {
      const { room, entry } = operation;
      this.#rooms.append(room, entry.prevSeq + 1, entry.lastSeq, entry.records, place);
      room.seq = entry.lastSeq;
      room.ms = entry.lastMs;
      room.appending = 0;
      room.pending--;
      operation.answer('committed');
    }
    for (const { room, runs, answer } of this.#moves) {
      for (const run of runs) if (isLive(room, run)) this.#rooms.moveRun(room, movedTo(place, run));
      room.pending--;
      answer(true);
    }
    this.#clear();
  }

  /** The commit did not come about, or (unknown) may have. */
  refuse(outcome: 'refused' | 'unknown'): void {
    const operations = [...this.#opens.map(({ operation }) => operation), ...this.#appends, ...this.#moves];
    this.#clear();
    for (const operation of operations) this.refuseOne(operation, outcome);
  }

  refuseOne(operation: Operation, outcome: 'fenced' | 'refused' | 'unknown'): void {
    const { room } = operation;
    room.pending--;
    if (operation.kind === 'append') {
      if (room.appending === operation.entry.epoch) room.appending = 0;
      operation.answer(outcome);
    } else if (operation.kind === 'move') {
      operation.answer(false);
    } else if (outcome === 'fenced') {
      operation.answer({ ok: false, why: 'fenced', epoch: fenceOf(operation) });
    } else {
      operation.answer({ ok: false, why: 'refused' });
    }
    this.#rooms.forgetUnopened(room);
  }

  #takeAppend(operation: AppendOperation): void {
    const { room, entry } = operation;
    if (room.epoch !== entry.epoch || room.seq !== entry.prevSeq) {
      this.refuseOne(operation, 'fenced');
      return;
    }
    this.#end = writeAppend(this.#buffer, this.#end, room.name, entry);
    this.recordBytes += entry.records.length;
    this.#appends.push(operation);
  }

  #takeOpen(operation: OpenOperation): void {
    const { room, epoch, archived } = operation;
    if (epoch <= fenceOf(operation)) {
      this.refuseOne(operation, 'fenced');
      return;
    }
    const mark = {
      epoch,
      seq: Math.max(room.seq, archived.seq),
      ms: Math.max(room.ms, archived.ms),
      trimmed: Math.max(room.trimmed, archived.seq),
    };
    this.#end = writeMark(this.#buffer, this.#end, EntryType.fence, room.name, mark);
    this.#opens.push({ operation, mark });
  }

  #takeMove(operation: MoveOperation): void {
    const { room, runs, answer } = operation;
    const live = runs.filter((run) => isLive(room, run));
    for (const run of live) this.#end = writeMoved(this.#buffer, this.#end, room.name, run);
    if (live.length > 0) {
      this.#moves.push(operation);
      return;
    }
    room.pending--;
    answer(true);
  }

  #begin(queue: readonly Operation[], trims: Iterable<JournalRoom>): void {
    let length = COMMIT_HEADER_BYTES;
    for (const room of trims) length += trimLengthMax(room.name);
    for (const operation of queue) length += lengthMax(operation);
    const wanted = commitLength(length);
    if (wanted > this.#buffer.length) this.#buffer = new Uint8Array(wanted);
    this.#end = COMMIT_HEADER_BYTES;
  }

  #clear(): void {
    this.#appends = [];
    this.#opens = [];
    this.#moves = [];
    this.recordBytes = 0;
    this.#end = COMMIT_HEADER_BYTES;
    if (this.#buffer.length > BUFFER_KEPT_MAX) this.#buffer = new Uint8Array(BUFFER_BYTES);
  }
}

/** What the operation counts for in the queue. */
export function bytesOf(operation: Operation): number {
  if (operation.kind === 'append') return OPERATION_BYTES + operation.entry.records.length;
  if (operation.kind === 'open') return OPERATION_BYTES;
  return operation.runs.reduce((sum, run) => sum + run.length, OPERATION_BYTES);
}

function lengthMax(operation: Operation): number {
  const { name } = operation.room;
  if (operation.kind === 'append') return appendLengthMax(name, operation.entry.records);
  if (operation.kind === 'open') return markLengthMax(name);
  return operation.runs.reduce((sum, run) => sum + movedLengthMax(name, run.length), 0);
}

/** It may have been trimmed while it waited. */
function isLive(room: JournalRoom, run: StoredRun): boolean {
  return run.last > room.trimmed;
}

/** Moving makes it no younger. */
function movedTo({ segment }: CommitPlace, { first, last, records, place }: StoredRun): StoredRun {
  return new StoredRun(first, last, records, { segment, at: place.at });
}

/** The highest epoch that anybody has opened, as far as log and archive know. */
function fenceOf({ room, archived }: OpenOperation): number {
  return Math.max(room.epoch, archived.epoch);
}
