/**
 * Orders the messages of one room: assigns a seq to each and tracks which are durable (I1, I2, I3).
 *
 * There are two heads. The assigned head advances when a message is accepted; the durable head follows when
 * the log confirms the append, and nothing above it is ever sent. One append is in flight at a time; messages
 * that arrive meanwhile are collected and appended together next.
 */
import type { RoomLimits } from '../../../domain/room-limits.ts';
import type { Clock } from '../../../lib/world.ts';
import type { AppendOutcome, RoomLog } from '../../../ports/room-log/room-log.ts';
import { RecordKind, recordLength, type RecordHeader } from '../../../../sdk/protocol/record.ts';
import { AppendBatch } from './append-batch.ts';
import { clientId, type Client, type ClientTable } from './client-table.ts';

export interface SequencerLimits {
  /** Client ids that have ever sent a message in one room. */
  readonly roomClientsMax: number;
}

export const SEQUENCER_LIMITS: SequencerLimits = { roomClientsMax: 2_048 };

type Limits = SequencerLimits & Pick<RoomLimits, 'roomEntriesMax' | 'roomBytesMax'>;

export interface SequencerEvents {
  /** These records are durable and may be sent. The bytes are never changed. */
  onCommit(records: Uint8Array): void;
  /** The room's first finish record is durable. */
  onFinish(): void;
  /**
   * The log refused an append: everything assigned was rolled back, and clients will resend. The room is on
   * hold.
   */
  onRefused(): void;
  /** Another process owns the room, or the outcome of an append is unknown: unload the room. */
  onLost(why: 'fenced' | 'unknown', error?: unknown): void;
}

/** The durable state of a room when its sequencer starts. */
export interface SequencerStart {
  readonly room: string;
  readonly epoch: number;
  readonly seq: number;
  readonly ms: number;
  /** Total bytes of all records. */
  readonly bytes: number;
  readonly finished: boolean;
  /** Wall clock of the room's ms 0. */
  readonly startedAt: number;
}

export interface SequencerDeps {
  readonly log: RoomLog;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly events: SequencerEvents;
}

/**
 * - accepted: it has its seq; the echo follows when it is durable.
 * - duplicate: the client sent it before; nothing to do.
 * - outOfOrder: its client seq is not the client's next one.
 * - held: nothing is accepted now; the client keeps it and sends it again after the hold.
 * - backpressured: too many bytes wait for the log; the client must send it again after the next commit.
 * - roomFull, tooManyClients: the room has permanently reached a limit.
 */
export type OfferOutcome =
  | 'accepted'
  | 'duplicate'
  | 'outOfOrder'
  | 'held'
  | 'backpressured'
  | 'roomFull'
  | 'tooManyClients';

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
  private isFinished: boolean;
  private hasEnded = false;
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
  /** One object reused for all records: encoding copies its values. */
  private readonly header: RecordHeader = { kind: 0, seq: 0, ms: 0, seat: 0, client: 0, clientSeq: 0 };

  constructor(start: SequencerStart, clients: ClientTable, deps: SequencerDeps) {
    this.room = start.room;
    this.epoch = start.epoch;
    this.clients = clients;
    this.durableSeq = this.assignedSeq = start.seq;
    this.durableMs = this.assignedMs = start.ms;
    this.durableBytes = this.assignedBytes = start.bytes;
    this.isFinished = start.finished;
    this.startedAt = start.startedAt;
    this.log = deps.log;
    this.clock = deps.clock;
    this.limits = deps.limits;
    this.events = deps.events;
  }

  /** Milliseconds since the room's start, now; never below the time of the last durable record. */
  roomMs(): number {
    return Math.max(this.durableMs, Math.floor(this.clock.now() - this.startedAt));
  }

  /** Offers a client's message. Its body is `frame` from `bodyAt` on and is only read during the call. */
  offer(client: Client, clientSeq: number, kind: number, frame: Uint8Array, bodyAt: number): OfferOutcome {
    if (this.isHeld || this.hasEnded) return 'held';
    if (clientSeq <= client.assignedSeq) return 'duplicate';
    if (clientSeq !== client.assignedSeq + 1) return 'outOfOrder';
    if (client.number === 0) return this.offerFirst(client, clientSeq, kind, frame, bodyAt);
    const header = this.nextHeader(this.nowMs(), kind, client.seat, client.number, clientSeq);
    const reserved = this.reserveSpace(1, recordLength(header, frame.length - bodyAt));
    if (reserved !== 'accepted') return reserved;
    this.write(header, frame, bodyAt);
    this.advanceClient(client, clientSeq);
    return 'accepted';
  }

  /** Appends a record of the server itself; false if it is not accepted now. */
  appendServerRecord(kind: number, seat: number, body: Uint8Array): boolean {
    if (this.isHeld || this.hasEnded) return false;
    const header = this.nextHeader(this.nowMs(), kind, seat, 0, 0);
    if (this.reserveSpace(1, recordLength(header, body.length)) !== 'accepted') return false;
    this.write(header, body, 0);
    this.flush();
    return true;
  }

  /**
   * The client's first message: a `client` record, which binds its number to its id, is written before it.
   */
  private offerFirst(
    client: Client,
    clientSeq: number,
    kind: number,
    frame: Uint8Array,
    bodyAt: number,
  ): OfferOutcome {
    if (this.clients.count >= this.limits.roomClientsMax) return 'tooManyClients';
    // Read the clock once: a later time could take one byte more than was reserved.
    const ms = this.nowMs();
    const number = this.clients.count + 1;
    const { seat } = client;
    const id = clientId(client);
    let bytes = recordLength(this.nextHeader(ms, RecordKind.client, seat, number, 0), id.length);
    const message = this.nextHeader(ms, kind, seat, number, clientSeq);
    message.seq++;
    bytes += recordLength(message, frame.length - bodyAt);
    const reserved = this.reserveSpace(2, bytes);
    if (reserved !== 'accepted') return reserved;
    this.clients.assignNumber(client);
    this.write(this.nextHeader(ms, RecordKind.client, seat, number, 0), id, 0);
    this.write(this.nextHeader(ms, kind, seat, number, clientSeq), frame, bodyAt);
    this.advanceClient(client, clientSeq);
    return 'accepted';
  }

  private advanceClient(client: Client, clientSeq: number): void {
    client.assignedSeq = clientSeq;
    this.collecting.addClient(client, clientSeq);
    this.flush();
  }

  /** Accepts nothing until `release`; an append in flight continues. */
  hold(): void {
    this.isHeld = true;
  }

  release(): void {
    this.isHeld = false;
    this.flush();
  }

  /** Accepts nothing from now on; resolves when no append is in flight. */
  async end(): Promise<void> {
    this.hasEnded = true;
    if (this.inFlight !== null) await new Promise<void>((resolve) => this.idleWaiters.push(resolve));
  }

  /** Room time for the next record, ms: monotonic, even if the wall clock jumps back. */
  private nowMs(): number {
    return Math.max(this.assignedMs, Math.floor(this.clock.now() - this.startedAt));
  }

  /** Fills the reused header for the next record. */
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

  /** Checks the room's limits and reserves space in the batch. */
  private reserveSpace(entries: number, bytes: number): OfferOutcome {
    if (this.assignedSeq + entries > this.limits.roomEntriesMax) return 'roomFull';
    if (this.assignedBytes + bytes > this.limits.roomBytesMax) return 'roomFull';
    if (!this.collecting.fits(bytes)) return 'backpressured';
    this.collecting.reserve(bytes, this.inFlight === null);
    return 'accepted';
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
      this.log.append(append).then(this.onAppended, this.onAppendFailed);
    } catch (error) {
      // A log throws synchronously when it is misused. That is a bug; only this room is unloaded.
      this.onAppendFailed(error);
    }
  }

  private readonly onAppended = (outcome: AppendOutcome): void => {
    const batch = this.inFlight;
    const records = this.inFlightRecords;
    this.inFlight = null;
    this.inFlightRecords = null;
    if (batch === null || records === null) return;
    if (outcome === 'committed') this.commit(batch, records);
    else if (outcome === 'refused') this.rollBack();
    else this.abandon(outcome);
    this.notifyIdle();
  };

  // After an append that throws, the content of the log is unknown.
  private readonly onAppendFailed = (error: unknown): void => {
    this.inFlight = null;
    this.inFlightRecords = null;
    this.abandon('unknown', error);
    this.notifyIdle();
  };

  private commit(batch: AppendBatch, records: Uint8Array): void {
    this.durableSeq = batch.lastSeq;
    this.durableMs = batch.lastMs;
    this.durableBytes += records.length;
    for (let index = 0; index < batch.clients.length; index++) {
      this.clients.markDurable(batch.clients[index]!, batch.clientSeqs[index]!);
    }
    const finishes = batch.hasFinish && !this.isFinished;
    batch.clear();
    this.events.onCommit(records);
    if (finishes) {
      this.isFinished = true;
      this.events.onFinish();
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
    this.events.onRefused();
  }

  private abandon(why: 'fenced' | 'unknown', error?: unknown): void {
    this.hasEnded = true;
    this.collecting.clear();
    this.events.onLost(why, error);
  }

  private notifyIdle(): void {
    if (this.inFlight !== null) return;
    for (const wake of this.idleWaiters.splice(0)) wake();
  }
}
