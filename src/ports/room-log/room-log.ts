/**
 * The live write-ahead log of rooms: a move is durable when `append` resolves with 'committed' (I1). Adapter:
 * `journal` (segment files on this host). Every adapter passes `room-log.contract.ts`.
 *
 * Entries of a room have the seqs 1, 2, 3 … The log keeps those that are not archived yet: from `trimmed + 1` to
 * the head. Records are encoded as in `sdk/protocol/record.ts`.
 *
 * The log is the fence (I5): after `open` with a higher epoch, appends with a lower one fail. `append` is a
 * compare-and-append against the head in the log's own store.
 */

/** The end of a room's log: last durable seq, open epoch, and ms of the last record. */
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
      /** Entries up to this seq are only in the archive. */ readonly trimmed: number;
    }
  /** The room is already open with `epoch`, which is the requested one or higher. */
  | { readonly ok: false; readonly why: 'fenced'; readonly epoch: number }
  /** The fence cannot be written now (e.g. disk full); the room was not opened. */
  | { readonly ok: false; readonly why: 'refused' };

/**
 * - committed: durable.
 * - fenced:    the epoch is not the open one, or prevSeq is not the head; nothing was written.
 * - refused:   not written. The caller may retry the same entries: after `onState` reports 'serving' if the log
 *              is on hold, otherwise (queue full) after a short delay.
 * - unknown:   may or may not be durable. Never retry: unload the room, open a new epoch and read the log.
 */
export type AppendOutcome = 'committed' | 'fenced' | 'refused' | 'unknown';

export interface Append {
  readonly room: string;
  readonly epoch: number;
  /** Seq before the first record: the durable head the caller expects. */
  readonly prevSeq: number;
  readonly lastSeq: number;
  /** ms of the last record. */
  readonly lastMs: number;
  /** Records prevSeq + 1 … lastSeq, concatenated. The log may keep this buffer: do not change it afterwards. */
  readonly records: Uint8Array;
}

/** Consecutive records of one or more whole appends. Never changes once it was returned. */
export interface Run {
  readonly first: number;
  readonly last: number;
  readonly records: Uint8Array;
}

/** A room with untrimmed entries. */
export interface LiveRoom {
  readonly room: string;
  readonly head: Head;
  readonly trimmed: number;
  /** Size of the runs that hold the entries from trimmed + 1 to the head. */
  readonly bytes: number;
  /** When the oldest untrimmed entry was appended, wall clock ms; 0 = before this process started. */
  readonly oldestAt: number;
}

export interface RoomLog {
  /**
   * Writes the fence durably, then returns the head. `archived` is the head in the main database; the greater of
   * both heads is returned, so a room that was removed from the log can be opened again.
   */
  open(room: string, epoch: number, archived: Head): Promise<OpenOutcome>;
  /** Atomic. At most one append per room may be in progress; a second one throws. */
  append(entries: Append): Promise<AppendOutcome>;
  /**
   * Durable entries after `afterSeq`, oldest first: at most `maxBytes`, but at least one run if there is any. The
   * first run may begin at or before afterSeq. If it begins after afterSeq + 1, the entries between were trimmed:
   * the caller must check this and read the archive again (I10).
   */
  read(room: string, afterSeq: number, maxBytes: number): Promise<readonly Run[]>;
  /**
   * Entries up to `uptoSeq` are archived: frees memory now and disk space later. Not durable when it resolves:
   * after a crash the last trims may be undone; trim again.
   */
  trim(room: string, uptoSeq: number): Promise<void>;
  /**
   * Gives up ownership of the room. When all entries are trimmed the log may remove the room, but only after some
   * minutes: a caller of `open` may have read the archive before the last entries were in it.
   */
  release(room: string, epoch: number): Promise<void>;
  /** All rooms with untrimmed entries. */
  liveRooms(): Promise<readonly LiveRoom[]>;
  /** Calls `listener` when the log stops accepting entries ('hold') and when it accepts them again ('serving'). */
  onState(listener: (state: LogState) => void): void;
  /** Finishes operations in progress; later ones are refused. */
  close(): Promise<void>;
}

export type LogState = 'serving' | 'hold';
