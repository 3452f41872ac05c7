/**
 * Replay: sends a socket all records from its position to the durable head: first the archive's stored
 * chunks, then the records of the log. One page at a time, the next one when the socket has drained; messages
 * that arrive meanwhile are read from the log when the replay reaches them.
 */
import { Reader } from '../../../../sdk/protocol/bytes.ts';
import { readRecord } from '../../../../sdk/protocol/record.ts';
import type { RoomLog, Run } from '../../../ports/room-log/room-log.ts';
import { type ArchivePages, type Page, PAGE_BYTES } from './archive-pages.ts';
import type { ReplayThrottle } from './replay-throttle.ts';

/**
 * Reads that may find a record missing before the room counts as broken; a race with the archiver ends
 * sooner.
 */
const READS_MAX = 4;
const RETRY_MS = 50;

export interface ReplaySource {
  readonly log: RoomLog;
  readonly archive: ArchivePages;
  readonly throttle: ReplayThrottle;
}

/** The part of a room that a replay needs. */
export interface ReplayedRoom {
  readonly id: string;
  readonly sequencer: { readonly durableSeq: number };
  archivedSeq: number;
}

export interface ReplaySink {
  /** Sends one frame; false ends the replay. */
  send(frame: Uint8Array): boolean;
  /** Calls `run` at once; the frames that it sends leave in one write. */
  cork(run: () => void): void;
  readonly isBackpressured: boolean;
  /** Everything up to `seq` was sent, and `seq` is the durable head now. */
  onCaughtUp(seq: number): void;
  /** Neither archive nor log has the record after `seq`. */
  onMissingRecord(seq: number): void;
  /** A read of the log or the database failed. */
  onReadError(error: unknown): void;
}

export class Replay {
  private after: number;
  private isRunning = false;
  private isStopped = false;
  private readonly room: ReplayedRoom;
  private readonly sink: ReplaySink;
  private readonly source: ReplaySource;

  /** Sends everything after record `after`; starts with the first `resume`. */
  constructor(room: ReplayedRoom, after: number, sink: ReplaySink, source: ReplaySource) {
    this.room = room;
    this.after = after;
    this.sink = sink;
    this.source = source;
  }

  /**
   * Continues unless it is running: called at the start, when the socket has drained, when more is durable.
   */
  resume(): void {
    if (this.isRunning || this.isStopped) return;
    this.isRunning = true;
    this.run().catch((error: unknown) => {
      if (!this.isStopped) this.sink.onReadError(error);
    });
  }

  /** Sends nothing more; a read in flight is ignored. */
  stop(): void {
    this.isStopped = true;
  }

  private async run(): Promise<void> {
    try {
      await this.pages();
    } finally {
      // Reset synchronously: a `resume` between the end and the reset would be lost.
      this.isRunning = false;
    }
  }

  private async pages(): Promise<void> {
    let page: Page | null = null;
    while (this.sendPage(page)) {
      const budget = this.source.throttle.waitForBudget();
      if (budget) await budget;
      page = await this.read();
      if (this.isStopped) return;
      if (!page) {
        this.isStopped = true;
        this.sink.onMissingRecord(this.after);
        return;
      }
    }
  }

  /**
   * Sends a page, and with the last one `live` and what follows it, in one write. True: read the next page
   * now.
   */
  private sendPage(page: Page | null): boolean {
    let more = false;
    this.sink.cork(() => {
      if (page === null || this.sendFrames(page)) more = this.continueOrFinish();
    });
    return more && !this.sink.isBackpressured;
  }

  /** True: more is to be read. At the durable head it ends the replay. */
  private continueOrFinish(): boolean {
    if (this.isStopped || this.sink.isBackpressured) return false;
    const head = this.room.sequencer.durableSeq;
    // The log may have an append that the sequencer has not confirmed yet: the sequencer's head counts (I1).
    if (this.after !== head) return this.after < head;
    this.isStopped = true;
    this.sink.onCaughtUp(head);
    return false;
  }

  private sendFrames(page: Page): boolean {
    let bytes = 0;
    for (const frame of page.frames) {
      if (!this.sink.send(frame)) {
        this.isStopped = true;
        return false;
      }
      bytes += frame.length;
    }
    this.after = page.last;
    this.source.throttle.consume(bytes);
    return true;
  }

  /** The next page, or null if neither archive nor log has the next record. */
  private async read(): Promise<Page | null> {
    for (let attempt = 1; ; attempt++) {
      const isArchived = this.after < this.room.archivedSeq;
      const page = isArchived
        ? ((await this.readArchive()) ?? (await this.readLog()))
        : // The log drops a record only after the archive has it, so this order finds every record (I10).
          ((await this.readLog()) ?? (await this.readArchive()));
      if (page || attempt === READS_MAX || this.isStopped) return page;
      await this.source.throttle.pause(RETRY_MS * attempt);
    }
  }

  private async readLog(): Promise<Page | null> {
    const runs = await this.source.log.read(this.room.id, this.after, PAGE_BYTES);
    return tailPage(runs, this.after, this.room.sequencer.durableSeq);
  }

  private async readArchive(): Promise<Page | null> {
    const { room, after } = this;
    const found = await this.source.archive.read(room.id, after);
    if (found) room.archivedSeq = Math.max(room.archivedSeq, found.more ? found.last + 1 : found.last);
    return found;
  }
}

/** The records after `after` up to the durable `head` as one frame; null if `runs` do not continue there. */
export function tailPage(runs: readonly Run[], after: number, head: number): Page | null {
  const parts: Uint8Array[] = [];
  let last = after;
  for (const run of runs) {
    const follows = parts.length === 0 ? run.first <= last + 1 && run.last > last : run.first === last + 1;
    if (!follows || last >= head) break;
    // A record above the durable head would give the page a position that the room does not accept.
    parts.push(recordsBetween(run, last, head));
    last = Math.min(run.last, head);
  }
  if (parts.length === 0) return null;
  return { frames: [parts.length === 1 ? parts[0]! : Buffer.concat(parts)], last };
}

/** The records after `after` up to `head`: a run may hold several appends. */
function recordsBetween({ first, last, records }: Run, after: number, head: number): Uint8Array {
  if (first > after && last <= head) return records;
  const reader = new Reader(records);
  let from = 0;
  let end = 0;
  while (!reader.atEnd) {
    const record = readRecord(reader);
    if (record === null) throw new Error(`the log has bytes that are not a record, from ${first} to ${last}`);
    if (record.seq > head) break;
    end = reader.at;
    if (record.seq <= after) from = end;
  }
  return records.subarray(from, end);
}
