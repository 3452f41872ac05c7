/**
 * Checks what the players of a room receive: every message once, in the order in which its sender sent it, and the same
 * entry for each seq. One checker per room, with bounded memory:
 *
 *   - hash and time of sending of the last WINDOW entries; a player that is further behind is compared at the end by a
 *     running hash over all entries it received;
 *   - for each player its seq, its running hash, and up to SKIPPED_MAX entries that it did not get;
 *   - for each sender up to PENDING_MAX messages without echo.
 */
import { RecordKind } from '../../../sdk/protocol/kind.ts';
import { SENDABLE_KINDS } from '../../../sdk/protocol/kind-sets.ts';
import type { LogRecord } from '../../../sdk/protocol/record.ts';
import { hashOf, sentAtOf } from './message.ts';
import type { Counters } from './counters.ts';

export const WINDOW = 256;
export const SKIPPED_MAX = 256;
export const PENDING_MAX = 64;

/** A message that was sent and has no echo yet, or one behind such a message. */
export interface PendingMessage {
  readonly body: Uint8Array;
  readonly hash: number;
  /** Its latency is not representative: it was resent, or sent before all players were connected. */
  isLate: boolean;
  isSeen: boolean;
}

export interface Sender {
  readonly id: Uint8Array;
  /** Oldest first; the first has client seq `base`. */
  readonly pending: PendingMessage[];
  base: number;
}

/** How a record was received. */
export interface Arrival {
  readonly nowMs: number;
  /** Received after the `live` frame: from then on the player must not get an entry again. */
  readonly isLive: boolean;
  /** Its latency is not representative: the player reads slowly. */
  readonly isLate: boolean;
}

interface PlayerProgress {
  seq: number;
  /** The highest seq so far; after a reset, entries up to here are not counted as deliveries again. */
  highest: number;
  runningHash: number;
  /** A fault was found already, so its running hash differs anyway. */
  hasFault: boolean;
  /** It never connected: nothing is expected. */
  isExcluded: boolean;
  readonly skipped: Set<number>;
}

export class RoomChecker {
  readonly senders: readonly Sender[];
  head = 0;
  private readonly counters: Counters;
  private readonly name: string;
  private readonly progress: readonly PlayerProgress[];
  private readonly seqs = new Uint32Array(WINDOW);
  private readonly hashes = new Uint32Array(WINDOW);
  private readonly sentAt = new Float64Array(WINDOW);
  private readonly isLate = new Uint8Array(WINDOW);
  /** Client number in the room → sender. */
  private readonly numbers = new Map<number, Sender>();

  /** `ids` are the client ids of the players; `name` is the room's name in messages. */
  constructor(counters: Counters, name: string, ids: readonly Uint8Array[]) {
    this.counters = counters;
    this.name = name;
    this.senders = ids.map((id) => ({ id, pending: [], base: 1 }));
    this.progress = ids.map(() => ({
      seq: 0,
      highest: 0,
      runningHash: 0,
      hasFault: false,
      isExcluded: false,
      skipped: new Set(),
    }));
  }

  seq(player: number): number {
    return this.progressOf(player).seq;
  }

  /** Expects nothing of a player that never connected. */
  exclude(player: number): void {
    this.progressOf(player).isExcluded = true;
  }

  /** All players have all entries that any player has, and all messages have their echo. */
  get isSettled(): boolean {
    return (
      this.progress.every(({ seq, isExcluded }) => isExcluded || seq === this.head) &&
      this.senders.every(({ pending }) => pending.length === 0)
    );
  }

  /** Records a message before it is sent; returns false if PENDING_MAX have no echo: it must not be sent then. */
  recordSent(player: number, body: Uint8Array, isLate: boolean): boolean {
    const { pending } = this.sender(player);
    if (pending.length >= PENDING_MAX) return false;
    pending.push({ body, hash: hashOf(body), isLate, isSeen: false });
    return true;
  }

  /** `player` received this record; `bytes` is its encoding. */
  receive(player: number, record: LogRecord, bytes: Uint8Array, arrival: Arrival): void {
    const own = this.progressOf(player);
    const { seq } = record;
    if (seq <= own.seq) return this.receiveOld(player, own, record, bytes, arrival);
    if (seq > own.seq + 1) this.recordGap(player, own, seq);
    own.seq = seq;
    const hash = hashOf(bytes);
    own.runningHash = Math.imul(own.runningHash ^ hash, 0x9e3779b1) >>> 0;
    this.compare(player, own, record, hash);
    if (seq <= own.highest) return;
    own.highest = seq;
    this.count(record, arrival);
  }

  /** The server did not accept the player's position and sends everything again. */
  reset(player: number): void {
    const own = this.progressOf(player);
    if (own.seq > 0) this.fault('resets', player, `the position ${own.seq} was not accepted`);
    own.seq = 0;
    own.runningHash = 0;
    own.skipped.clear();
  }

  /** The server refused the message with this client seq: those after it get the next lower client seq each. */
  removeRefused(player: number, clientSeq: number): void {
    const sender = this.sender(player);
    const at = clientSeq - sender.base;
    if (at >= 0 && at < sender.pending.length) sender.pending.splice(at, 1);
  }

  /** Ends the check: entries that a player has not received by now count as missing. */
  finish(): void {
    const players = this.progress.filter(({ isExcluded }) => !isExcluded).length;
    for (const [player, own] of this.progress.entries()) {
      const missing = own.isExcluded ? 0 : this.head - own.seq;
      if (missing > 0) this.fault('missing', player, `the last ${missing} entries did not arrive`, missing);
    }
    for (const [player, { pending }] of this.senders.entries()) {
      const lost = pending.filter(({ isSeen }) => !isSeen).length;
      if (lost > 0) this.fault('missing', player, `${lost} of its messages have no echo`, lost * players);
    }
    const complete = this.progress.filter((own) => own.seq === this.head && !own.hasFault && !own.isExcluded);
    for (const own of complete) {
      if (own.runningHash === complete[0]?.runningHash) continue;
      this.fault('different', this.progress.indexOf(own), 'received other entries than the others');
    }
  }

  private fault(kind: Parameters<Counters['fault']>[0], player: number, what: string, count = 1): void {
    this.counters.fault(kind, `${this.name}, player ${player + 1}: ${what}`, count);
  }

  private progressOf(player: number): PlayerProgress {
    const own = this.progress[player];
    if (!own) throw new Error(`no player ${player}`);
    return own;
  }

  private sender(player: number): Sender {
    const sender = this.senders[player];
    if (!sender) throw new Error(`no player ${player}`);
    return sender;
  }

  private recordGap(player: number, own: PlayerProgress, seq: number): void {
    const missing = seq - own.seq - 1;
    own.hasFault = true;
    this.fault('missing', player, `entry ${seq} followed entry ${own.seq}`, missing);
    for (let lost = seq - 1; lost > own.seq && own.skipped.size < SKIPPED_MAX; lost--) own.skipped.add(lost);
  }

  /** An entry at or below the player's seq: a skipped one, one of a replay, or a repeated one. */
  private receiveOld(
    player: number,
    own: PlayerProgress,
    record: LogRecord,
    bytes: Uint8Array,
    arrival: Arrival,
  ): void {
    const { seq } = record;
    const hash = hashOf(bytes);
    if (own.skipped.delete(seq)) {
      this.counters.faults.missing--;
      this.fault('outOfOrder', player, `entry ${seq} followed entry ${own.seq}`);
      this.compare(player, own, record, hash);
      return this.count(record, arrival);
    }
    // A replay may begin before the player's position; those entries must be the same as before.
    if (arrival.isLive) this.fault('twice', player, `entry ${seq} came twice`);
    this.compare(player, own, record, hash);
  }

  /** Compares with what other players received for this seq; for the first player, with what was sent. */
  private compare(player: number, own: PlayerProgress, record: LogRecord, hash: number): void {
    const { seq } = record;
    if (seq <= this.head - WINDOW) return;
    const slot = seq % WINDOW;
    if (this.seqs[slot] === seq) {
      if (this.hashes[slot] === hash) return;
      own.hasFault = true;
      return this.fault('different', player, `entry ${seq} is not what another player received`);
    }
    this.head = Math.max(this.head, seq);
    this.seqs[slot] = seq;
    this.hashes[slot] = hash;
    this.sentAt[slot] = sentAtOf(record.body);
    this.isLate[slot] = this.matchSent(player, record) ? 1 : 0;
  }

  /** Matches a record with the pending messages. Returns whether its latency is not representative. */
  private matchSent(player: number, record: LogRecord): boolean {
    if (record.kind === RecordKind.client) {
      const sender = this.senders.find(({ id }) => Buffer.compare(id, record.body) === 0);
      if (sender) this.numbers.set(record.client, sender);
      else this.fault('unknown', player, `entry ${record.seq} names an unknown client`);
      return true;
    }
    if (!SENDABLE_KINDS.has(record.kind)) return true;
    const sender = this.numbers.get(record.client);
    const at = sender ? record.clientSeq - sender.base : Number.NaN;
    if (at < 0 || sender?.pending[at]?.isSeen) {
      this.fault('twice', player, `entry ${record.seq} is a message that has a seq already`);
      return true;
    }
    const message = sender?.pending[at];
    if (!sender || !message) {
      this.fault('unknown', player, `entry ${record.seq} is a message that nobody sent`);
      return true;
    }
    if (sender.pending.slice(0, at).some(({ isSeen }) => !isSeen)) {
      this.fault('outOfOrder', player, `entry ${record.seq} is a message before those sent earlier`);
    }
    if (message.hash !== hashOf(record.body)) {
      this.fault('changed', player, `entry ${record.seq} is not what was sent`);
    }
    message.isSeen = true;
    while (sender.pending[0]?.isSeen) {
      sender.pending.shift();
      sender.base++;
    }
    return message.isLate;
  }

  private count(record: LogRecord, { nowMs, isLive, isLate }: Arrival): void {
    if (record.kind !== RecordKind.move) return;
    const { counters } = this;
    counters.delivered++;
    const slot = record.seq % WINDOW;
    const isInWindow = this.seqs[slot] === record.seq;
    const latencyMs = nowMs - ((isInWindow ? this.sentAt[slot] : null) ?? sentAtOf(record.body));
    if (!(latencyMs >= 0)) return;
    const isRegular = isInWindow && isLive && !isLate;
    (isRegular && this.isLate[slot] === 0 ? counters.regular : counters.late).add(latencyMs);
    if (isRegular) counters.second.add(latencyMs);
  }
}
