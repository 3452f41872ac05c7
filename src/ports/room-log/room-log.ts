/**
 * The live log of rooms: where a move becomes durable. Adapters: `journal` (segment files on this
 * host); later PostgreSQL and Redis. One contract suite (`room-log.contract.ts`) holds for all.
 *
 * Entries of a room have the seqs 1, 2, 3 … The log keeps those that the archive does not have yet:
 * from `trimmed + 1` to the head. All records are in the encoding of `sdk/protocol/record.ts`.
 *
 * The log is the fence: `open` with a higher epoch shuts out whoever held the room before, and
 * `append` is compare-and-append against the head kept in the log's own store.
 */

/** Where a room's log ends: last durable seq, the epoch that is open, and the last record's ms. */
export interface Head {
  readonly epoch: number;
  readonly seq: number;
  readonly ms: number;
}

export const EMPTY_HEAD: Head = { epoch: 0, seq: 0, ms: 0 };

export type OpenOutcome =
  | {
      readonly ok: true;
      readonly head: Head;
      /** All entries up to here are only in the archive. */ readonly trimmed: number;
    }
  /** `epoch` is already open with this or a higher number. */
  | { readonly ok: false; readonly why: 'fenced'; readonly epoch: number }
  /** The store cannot take the fence right now (disk full); nothing was opened. */
  | { readonly ok: false; readonly why: 'refused' };

/**
 * - committed: durable on the store.
 * - fenced:    someone opened a higher epoch, or prevSeq is not the head; nothing was written.
 * - refused:   surely not written; the caller may try the same entries again: when `onState` says
 *              serving if the store is on hold, otherwise (too much at once) after a moment.
 * - unknown:   may or may not be durable; never retry: forget the room, open a new epoch, read.
 */
export type AppendOutcome = 'committed' | 'fenced' | 'refused' | 'unknown';

export interface Append {
  readonly room: string;
  readonly epoch: number;
  /** The seq of the entry before the first of these: the durable head as the caller knows it. */
  readonly prevSeq: number;
  readonly lastSeq: number;
  /** ms of the last record. */
  readonly lastMs: number;
  /** The records prevSeq + 1 … lastSeq, one after another. The log may keep this very buffer. */
  readonly records: Uint8Array;
}

/** A run of records of whole appends, in order and without a gap; its first and its last never change. */
export interface Run {
  readonly first: number;
  readonly last: number;
  readonly records: Uint8Array;
}

/** A room that has entries in the live log. */
export interface LiveRoom {
  readonly room: string;
  readonly head: Head;
  readonly trimmed: number;
  /** Bytes of the runs that hold the entries from trimmed + 1 to the head. */
  readonly bytes: number;
  /** When the oldest untrimmed entry was appended, wall clock ms (0 if before this process began). */
  readonly oldestAt: number;
}

export interface RoomLog {
  /**
   * Writes the fence (durably), then answers the head. `archived` is what the main database knows:
   * the log's head is the greater of the two, so that a room purged from the log comes back.
   */
  open(room: string, epoch: number, archived: Head): Promise<OpenOutcome>;
  /** All or nothing. At most one append per room may be under way. */
  append(entries: Append): Promise<AppendOutcome>;
  /**
   * Durable entries after `afterSeq`, oldest first, at most about `maxBytes` (at least one run if
   * there is any). A run may begin at or before afterSeq. Starts above afterSeq + 1 only when the
   * entries between were trimmed: the caller checks and reads the archive again.
   */
  read(room: string, afterSeq: number, maxBytes: number): Promise<readonly Run[]>;
  /**
   * The archive has everything up to `uptoSeq`: memory is freed at once, disk space later. Does not
   * wait for the disk: after a crash what was trimmed last may be live again; trim it again.
   */
  trim(room: string, uptoSeq: number): Promise<void>;
  /**
   * The owner lets go of the room. Once everything is trimmed the log may forget it, but not for some
   * minutes: whoever opens it just then may bring a head that the archive has left behind.
   */
  release(room: string, epoch: number): Promise<void>;
  /** Every room with untrimmed entries. */
  liveRooms(): Promise<readonly LiveRoom[]>;
  /** Tells when the store stops taking entries (`hold`) and when it takes them again (`serving`). */
  onState(listener: (state: LogState) => void): void;
  /** Finishes what is under way; later calls answer refused. */
  close(): Promise<void>;
}

export type LogState = 'serving' | 'hold';
