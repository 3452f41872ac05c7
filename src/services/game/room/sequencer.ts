/**
 * The order of one room: which message has which place, and what of it is durable (rules 1 to 3).
 *
 * There are two heads. The assigned head runs ahead as messages are taken; the durable head follows
 * when the log says so, and only what lies below it is ever told to anybody. One append is under way
 * at a time; what comes meanwhile collects and goes with the next.
 */
import type { RoomLimits } from '../../../domain/room-limits.ts';
import type { Clock } from '../../../lib/world.ts';
import type { AppendOutcome, RoomLog } from '../../../ports/room-log/room-log.ts';
import { RecordKind, recordLength, type RecordHeader } from '../../../../sdk/protocol/record.ts';
import { AppendBatch } from './append-batch.ts';
import { clientId, type Client, type ClientTable } from './client-table.ts';

export interface SequencerLimits {
  /** Clients that ever sent something in one room. */
  readonly roomClientsMax: number;
}

export const SEQUENCER_LIMITS: SequencerLimits = { roomClientsMax: 2_048 };

type Limits = SequencerLimits & Pick<RoomLimits, 'roomEntriesMax' | 'roomBytesMax'>;

export interface SequencerEvents {
  /** These records are durable: everybody may see them. The bytes never change. */
  committed(records: Uint8Array): void;
  /** The room's first finish record is durable. */
  finished(): void;
  /** The log could not take an append: everything assigned is gone, the senders will send again. */
  refused(): void;
  /** Nobody here knows what the log holds now: the room must leave memory. */
  lost(why: 'fenced' | 'unknown', error?: unknown): void;
}

/** What of a room is durable when a ledger starts. */
export interface SequencerStart {
  readonly room: string;
  readonly epoch: number;
  readonly seq: number;
  readonly ms: number;
  /** Bytes of all records so far. */
  readonly bytes: number;
  readonly finished: boolean;
  /** Wall clock of the room's ms 0. */
  readonly startedAt: number;
}

/**
 * - taken:   it has its place; the echo follows when it is durable.
 * - repeat:  the client sent it before; nothing to do.
 * - jump:    not the client's next one.
 * - held:    nothing is taken now; the sender keeps it and sends it again.
 * - crowded: too much is waiting for the log; the sender is told when there is room again.
 * - full, clients: the room has reached a total.
 */
export type OfferOutcome = 'taken' | 'repeat' | 'outOfOrder' | 'held' | 'backpressured' | 'full' | 'clients';

export class Sequencer {
  readonly room: string;
  readonly epoch: number;
  readonly clients: ClientTable;
  /** The durable head. */
  durableSeq: number;
  durableMs: number;
  isHeld = false;
  private durableBytes: number;
  private assignedSeq: number;
  private assignedMs: number;
  private assignedBytes: number;
  private finished: boolean;
  private ended = false;
  private collecting = new AppendBatch();
  private spare = new AppendBatch();
  private inFlight: AppendBatch | null = null;
  private inFlightRecords: Uint8Array | null = null;
  private idleWaiters: (() => void)[] = [];
  private readonly startedAt: number;
  private readonly log: RoomLog;
  private readonly clock: Clock;
  private readonly limits: Limits;
  private readonly events: SequencerEvents;
  /** One header for all records: encoding reads it and keeps nothing. */
  private readonly header: RecordHeader = { kind: 0, seq: 0, ms: 0, seat: 0, client: 0, clientSeq: 0 };

  constructor(
    start: SequencerStart,
    clients: ClientTable,
    outside: { log: RoomLog; clock: Clock; limits: Limits; events: SequencerEvents },
  ) {
    this.room = start.room;
    this.epoch = start.epoch;
    this.clients = clients;
    this.durableSeq = this.assignedSeq = start.seq;
    this.durableMs = this.assignedMs = start.ms;
    this.durableBytes = this.assignedBytes = start.bytes;
    this.finished = start.finished;
    this.startedAt = start.startedAt;
    this.log = outside.log;
    this.clock = outside.clock;
    this.limits = outside.limits;
    this.events = outside.events;
  }

  /** Milliseconds since the room began, now; never below what a durable record says. */
  roomMs(): number {
    return Math.max(this.durableMs, Math.floor(this.clock.now() - this.startedAt));
  }

  /** A client's message: its body is `frame` from `bodyAt` on, only read during the call. */
  offer(client: Client, clientSeq: number, kind: number, frame: Uint8Array, bodyAt: number): OfferOutcome {
    if (this.isHeld || this.ended) return 'held';
    if (clientSeq <= client.assignedSeq) return 'repeat';
    if (clientSeq !== client.assignedSeq + 1) return 'outOfOrder';
    if (client.number === 0) return this.introduce(client, clientSeq, kind, frame, bodyAt);
    const header = this.nextHeader(this.nowMs(), kind, client.seat, client.number, clientSeq);
    const place = this.reserveSpace(1, recordLength(header, frame.length - bodyAt));
    if (place !== 'taken') return place;
    this.write(header, frame, bodyAt);
    this.recordReached(client, clientSeq);
    return 'taken';
  }

  /** A record of the server's own; false when it cannot be taken now. */
  appendServerRecord(kind: number, seat: number, body: Uint8Array): boolean {
    if (this.isHeld || this.ended) return false;
    const header = this.nextHeader(this.nowMs(), kind, seat, 0, 0);
    if (this.reserveSpace(1, recordLength(header, body.length)) !== 'taken') return false;
    this.write(header, body, 0);
    this.flush();
    return true;
  }

  /** The client's first message: a record that gives its number to its id goes just before it. */
  private introduce(
    client: Client,
    clientSeq: number,
    kind: number,
    frame: Uint8Array,
    bodyAt: number,
  ): OfferOutcome {
    if (this.clients.count >= this.limits.roomClientsMax) return 'clients';
    // The time is read once: a later one might take a byte more than was measured.
    const ms = this.nowMs();
    const number = this.clients.count + 1;
    const { seat } = client;
    const id = clientId(client);
    let wanted = recordLength(this.nextHeader(ms, RecordKind.client, seat, number, 0), id.length);
    const message = this.nextHeader(ms, kind, seat, number, clientSeq);
    message.seq++;
    wanted += recordLength(message, frame.length - bodyAt);
    const place = this.reserveSpace(2, wanted);
    if (place !== 'taken') return place;
    this.clients.assignNumber(client);
    this.write(this.nextHeader(ms, RecordKind.client, seat, number, 0), id, 0);
    this.write(this.nextHeader(ms, kind, seat, number, clientSeq), frame, bodyAt);
    this.recordReached(client, clientSeq);
    return 'taken';
  }

  private recordReached(client: Client, clientSeq: number): void {
    client.assignedSeq = clientSeq;
    this.collecting.recordReached(client, clientSeq);
    this.flush();
  }

  /** Takes nothing until `release`; what is under way goes on. */
  hold(): void {
    this.isHeld = true;
  }

  release(): void {
    this.isHeld = false;
    this.flush();
  }

  /** Takes nothing ever again; resolves when nothing is under way any more. */
  async end(): Promise<void> {
    this.ended = true;
    if (this.inFlight !== null) await new Promise<void>((resolve) => this.idleWaiters.push(resolve));
  }

  /** The server's clock for the next record: never back, whatever the wall clock does. */
  private nowMs(): number {
    return Math.max(this.assignedMs, Math.floor(this.clock.now() - this.startedAt));
  }

  /** The header of the next record; always the same object. */
  private nextHeader(
    ms: number,
    kind: number,
    seat: number,
    client: number,
    clientSeq: number,
  ): RecordHeader {
    const { header } = this;
    header.kind = kind;
    header.seq = this.assignedSeq + 1;
    header.ms = ms;
    header.seat = seat;
    header.client = client;
    header.clientSeq = clientSeq;
    return header;
  }

  /** Checks the totals and makes the batch large enough. */
  private reserveSpace(entries: number, bytes: number): OfferOutcome {
    if (this.assignedSeq + entries > this.limits.roomEntriesMax) return 'full';
    if (this.assignedBytes + bytes > this.limits.roomBytesMax) return 'full';
    if (!this.collecting.fits(bytes)) return 'backpressured';
    this.collecting.reserve(bytes, this.inFlight === null);
    return 'taken';
  }

  private write(header: RecordHeader, bytes: Uint8Array, from: number): void {
    const before = this.collecting.length;
    this.collecting.add(header, bytes, from);
    if (header.kind === RecordKind.finish) this.collecting.hasFinish = true;
    this.assignedSeq = header.seq;
    this.assignedMs = header.ms;
    this.assignedBytes += this.collecting.length - before;
  }

  private flush(): void {
    if (this.inFlight !== null || this.collecting.count === 0 || this.isHeld) return;
    const batch = this.collecting;
    this.inFlight = batch;
    this.inFlightRecords = batch.records();
    this.collecting = this.spare;
    this.spare = batch;
    const { room, epoch, durableSeq: prevSeq } = this;
    const { lastSeq, lastMs } = batch;
    const append = { room, epoch, prevSeq, lastSeq, lastMs, records: this.inFlightRecords };
    try {
      this.log.append(append).then(this.settled, this.failed);
    } catch (error) {
      // A log throws at once when it is misused: a bug, which costs this room and no other.
      this.failed(error);
    }
  }

  private readonly settled = (outcome: AppendOutcome): void => {
    const batch = this.inFlight;
    const records = this.inFlightRecords;
    this.inFlight = null;
    this.inFlightRecords = null;
    if (batch === null || records === null) return;
    if (outcome === 'committed') this.commit(batch, records);
    else if (outcome === 'refused') this.rollBack();
    else this.giveUp(outcome);
    this.notifyIdle();
  };

  // An append that throws tells nothing about the store.
  private readonly failed = (error: unknown): void => {
    this.inFlight = null;
    this.inFlightRecords = null;
    this.giveUp('unknown', error);
    this.notifyIdle();
  };

  private commit(batch: AppendBatch, records: Uint8Array): void {
    this.durableSeq = batch.lastSeq;
    this.durableMs = batch.lastMs;
    this.durableBytes += records.length;
    for (let index = 0; index < batch.clients.length; index++) {
      this.clients.markDurable(batch.clients[index]!, batch.clientSeqs[index]!);
    }
    const finishes = batch.hasFinish && !this.finished;
    batch.clear();
    this.events.committed(records);
    if (finishes) {
      this.finished = true;
      this.events.finished();
    }
    this.flush();
  }

  private rollBack(): void {
    this.assignedSeq = this.durableSeq;
    this.assignedMs = this.durableMs;
    this.assignedBytes = this.durableBytes;
    this.clients.rollBack();
    this.collecting.clear();
    this.spare.clear();
    this.isHeld = true;
    this.events.refused();
  }

  private giveUp(why: 'fenced' | 'unknown', error?: unknown): void {
    this.ended = true;
    this.collecting.clear();
    this.events.lost(why, error);
  }

  private notifyIdle(): void {
    if (this.inFlight !== null) return;
    for (const wake of this.idleWaiters.splice(0)) wake();
  }
}
