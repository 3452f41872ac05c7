/**
 * Replay: what a socket lacks, from its position to the durable head: the archive's chunks as they
 * are stored, then the tail from the log. One page at a time, the next one only when the socket has
 * taken the last; live messages simply wait in the log until replay gets there.
 */
import { Reader } from '../../../../sdk/protocol/bytes.ts';
import { readRecord } from '../../../../sdk/protocol/record.ts';
import type { RoomLog, Run } from '../../../ports/room-log/room-log.ts';
import { type ArchivePages, type Page, PAGE_BYTES } from './archive-pages.ts';
import type { ReplayThrottle } from './replay-throttle.ts';

/** A gap seen so often in a row is no race with the archiver. */
const READS_MAX = 4;
const RETRY_MS = 50;

export interface ReplaySource {
  readonly log: RoomLog;
  readonly archive: ArchivePages;
  readonly throttle: ReplayThrottle;
}

/** The room as far as replay is concerned. */
export interface ReplayedRoom {
  readonly id: string;
  readonly sequencer: { readonly durableSeq: number };
  archivedSeq: number;
}

export interface ReplaySink {
  /** Sends one frame; false ends the replay. */
  send(frame: Uint8Array): boolean;
  /** Runs it at once; what it sends leaves in one write. */
  together(run: () => void): void;
  readonly congested: boolean;
  /** Everything up to `seq`, the durable head at this very moment, was sent. */
  caughtUp(seq: number): void;
  /** Neither archive nor log has the entry after `seq`. */
  gap(seq: number): void;
  /** The log or the database could not be read. */
  unreadable(error: unknown): void;
}

export class Replay {
  private after: number;
  private running = false;
  private stopped = false;
  private readonly room: ReplayedRoom;
  private readonly sink: ReplaySink;
  private readonly source: ReplaySource;

  /** Sends everything after `after`; nothing happens before the first `go`. */
  constructor(room: ReplayedRoom, after: number, sink: ReplaySink, source: ReplaySource) {
    this.room = room;
    this.after = after;
    this.sink = sink;
    this.source = source;
  }

  /** Goes on if it stands: at the start, when the socket has drained, when more became durable. */
  go(): void {
    if (this.running || this.stopped) return;
    this.running = true;
    this.run().catch((error: unknown) => {
      if (!this.stopped) this.sink.unreadable(error);
    });
  }

  /** Sends nothing more, whatever is being read right now. */
  stop(): void {
    this.stopped = true;
  }

  private async run(): Promise<void> {
    try {
      await this.pages();
    } finally {
      // At once, not a moment after: a `go` in between would be lost.
      this.running = false;
    }
  }

  private async pages(): Promise<void> {
    let page: Page | null = null;
    while (this.tell(page)) {
      const turn = this.source.throttle.turn();
      if (turn) await turn;
      page = await this.read();
      if (this.stopped) return;
      if (!page) {
        this.stopped = true;
        this.sink.gap(this.after);
        return;
      }
    }
  }

  /** Sends a page if there is one, and what follows the last, in one write. True: more should be read now. */
  private tell(page: Page | null): boolean {
    let more = false;
    this.sink.together(() => {
      if (page === null || this.send(page)) more = this.goesOn();
    });
    return more && !this.sink.congested;
  }

  private goesOn(): boolean {
    if (this.stopped || this.sink.congested) return false;
    const head = this.room.sequencer.durableSeq;
    // The log may know of an append a moment before the room does: the room's word counts.
    if (this.after !== head) return this.after < head;
    this.stopped = true;
    this.sink.caughtUp(head);
    return false;
  }

  private send(page: Page): boolean {
    let bytes = 0;
    for (const frame of page.frames) {
      if (!this.sink.send(frame)) {
        this.stopped = true;
        return false;
      }
      bytes += frame.length;
    }
    this.after = page.last;
    this.source.throttle.spent(bytes);
    return true;
  }

  /** The next page, or null when nobody has the next entry. */
  private async read(): Promise<Page | null> {
    for (let attempt = 1; ; attempt++) {
      const archived = this.after < this.room.archivedSeq;
      const page = archived
        ? ((await this.readArchive()) ?? (await this.readLog()))
        : // The log lets go of an entry only when the archive has it, so this order misses none.
          ((await this.readLog()) ?? (await this.readArchive()));
      if (page || attempt === READS_MAX || this.stopped) return page;
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

/** The runs up to the durable `head` as one frame; null when they do not go on after `after`. */
export function tailPage(runs: readonly Run[], after: number, head: number): Page | null {
  const parts: Uint8Array[] = [];
  let last = after;
  for (const run of runs) {
    const follows = parts.length === 0 ? run.first <= last + 1 && run.last > last : run.first === last + 1;
    if (!follows || last >= head) break;
    // What the room does not know to be durable would be a position that the room does not know either.
    parts.push(recordsBetween(run, last, head));
    last = Math.min(run.last, head);
  }
  if (parts.length === 0) return null;
  return { frames: [parts.length === 1 ? parts[0]! : Buffer.concat(parts)], last };
}

/** The records behind entry `after` up to entry `head`: a run may hold more than was appended at a time. */
function recordsBetween({ first, last, records }: Run, after: number, head: number): Uint8Array {
  if (first > after && last <= head) return records;
  const reader = new Reader(records);
  let from = 0;
  let end = 0;
  while (!reader.atEnd) {
    const record = readRecord(reader);
    if (record === null) throw new Error(`the log has bytes that are no record, from ${first} to ${last}`);
    if (record.seq > head) break;
    end = reader.at;
    if (record.seq <= after) from = end;
  }
  return records.subarray(from, end);
}
