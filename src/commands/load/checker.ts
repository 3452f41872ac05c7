/**
 * What a room's players must see: every message once, in the order in which its sender sent it, the same entry at
 * the same place for all. One checker per room; its memory does not grow with what is sent:
 *
 *   - of the last WINDOW entries of the room, hash and time of sending: who is further behind is compared at the end, by a hash
 *     that runs over all it took;
 *   - of each player its place, its running hash, and up to SKIPPED_MAX entries that it did not get;
 *   - of each sender up to UNSEEN_MAX messages that the room has not shown yet.
 */
import { RecordKind } from '../../../sdk/protocol/kind.ts';
import { SENDABLE } from '../../../sdk/protocol/kind-sets.ts';
import type { LogRecord } from '../../../sdk/protocol/record.ts';
import { hashOf, sentAtOf } from './message.ts';
import type { Tally } from './tally.ts';

export const WINDOW = 256;
export const SKIPPED_MAX = 256;
export const UNSEEN_MAX = 64;

/** A message that its sender has not seen in the room. */
export interface Unseen {
  readonly body: Uint8Array;
  readonly hash: number;
  /** Its latency tells nothing about the server: it was sent again, or before all were in. */
  late: boolean;
  seen: boolean;
}

export interface Sender {
  readonly id: Uint8Array;
  /** Oldest first; the first has client seq `base`. */
  readonly unseen: Unseen[];
  base: number;
}

/** How a record came. */
export interface Arrival {
  readonly nowMs: number;
  /** Behind the live marker: it must be news. */
  readonly live: boolean;
  /** Its latency tells nothing about the server: a slow reader, or a replay. */
  readonly late: boolean;
}

interface Place {
  seq: number;
  /** The highest it ever had: after a reset, entries come that are no new deliveries. */
  highest: number;
  chain: number;
  /** It was seen to be wrong: its running hash says nothing new. */
  astray: boolean;
  /** It was never in, and nothing is expected of it. */
  leftOut: boolean;
  readonly skipped: Set<number>;
}

export class RoomChecker {
  readonly senders: readonly Sender[];
  head = 0;
  private readonly tally: Tally;
  private readonly name: string;
  private readonly places: readonly Place[];
  private readonly seqs = new Uint32Array(WINDOW);
  private readonly hashes = new Uint32Array(WINDOW);
  private readonly sentAt = new Float64Array(WINDOW);
  private readonly lates = new Uint8Array(WINDOW);
  /** The room's number of a client → its sender. */
  private readonly numbers = new Map<number, Sender>();

  /** `ids` are the client ids of the room's players; `name` is for people. */
  constructor(tally: Tally, name: string, ids: readonly Uint8Array[]) {
    this.tally = tally;
    this.name = name;
    this.senders = ids.map((id) => ({ id, unseen: [], base: 1 }));
    this.places = ids.map(() => ({
      seq: 0,
      highest: 0,
      chain: 0,
      astray: false,
      leftOut: false,
      skipped: new Set(),
    }));
  }

  seq(player: number): number {
    return this.at(player).seq;
  }

  /** The player will not come in any more; it never was. */
  leaveOut(player: number): void {
    this.at(player).leftOut = true;
  }

  /** The player has everything that anybody has, and so have all who sent. */
  get settled(): boolean {
    return (
      this.places.every(({ seq, leftOut }) => leftOut || seq === this.head) &&
      this.senders.every(({ unseen }) => unseen.length === 0)
    );
  }

  /** A message that will be sent; false when so many are without echo that no more are remembered. */
  sending(player: number, body: Uint8Array, late: boolean): boolean {
    const { unseen } = this.sender(player);
    if (unseen.length >= UNSEEN_MAX) return false;
    unseen.push({ body, hash: hashOf(body), late, seen: false });
    return true;
  }

  /** `bytes` is the whole record as it came, `player` who got it. */
  took(player: number, record: LogRecord, bytes: Uint8Array, arrival: Arrival): void {
    const place = this.at(player);
    const { seq } = record;
    if (seq <= place.seq) return this.again(player, place, record, bytes, arrival);
    if (seq > place.seq + 1) this.jumped(player, place, seq);
    place.seq = seq;
    const hash = hashOf(bytes);
    place.chain = Math.imul(place.chain ^ hash, 0x9e3779b1) >>> 0;
    this.compare(player, place, record, hash);
    if (seq <= place.highest) return;
    place.highest = seq;
    this.count(record, arrival);
  }

  /** The server says that the position does not hold: everything comes again. */
  reset(player: number): void {
    const place = this.at(player);
    if (place.seq > 0) this.fault('resets', player, `the position ${place.seq} did not hold`);
    place.seq = 0;
    place.chain = 0;
    place.skipped.clear();
  }

  /** The server did not take the message with this client seq, and those behind it move up. */
  refused(player: number, clientSeq: number): void {
    const sender = this.sender(player);
    const at = clientSeq - sender.base;
    if (at >= 0 && at < sender.unseen.length) sender.unseen.splice(at, 1);
  }

  /** The end: who has not got everything by now misses it. */
  finish(): void {
    const players = this.places.filter(({ leftOut }) => !leftOut).length;
    for (const [player, place] of this.places.entries()) {
      const missing = place.leftOut ? 0 : this.head - place.seq;
      if (missing > 0) this.fault('missing', player, `the last ${missing} entries did not come`, missing);
    }
    for (const [player, { unseen }] of this.senders.entries()) {
      const lost = unseen.filter(({ seen }) => !seen).length;
      if (lost > 0) this.fault('missing', player, `${lost} of its messages never came back`, lost * players);
    }
    const whole = this.places.filter((place) => place.seq === this.head && !place.astray && !place.leftOut);
    for (const place of whole) {
      if (place.chain === whole[0]?.chain) continue;
      this.fault('different', this.places.indexOf(place), 'saw other entries than the others');
    }
  }

  private fault(kind: Parameters<Tally['fault']>[0], player: number, what: string, count = 1): void {
    this.tally.fault(kind, `${this.name}, player ${player + 1}: ${what}`, count);
  }

  private at(player: number): Place {
    const place = this.places[player];
    if (!place) throw new Error(`no player ${player}`);
    return place;
  }

  private sender(player: number): Sender {
    const sender = this.senders[player];
    if (!sender) throw new Error(`no player ${player}`);
    return sender;
  }

  private jumped(player: number, place: Place, seq: number): void {
    const missing = seq - place.seq - 1;
    place.astray = true;
    this.fault('missing', player, `entry ${seq} came behind entry ${place.seq}`, missing);
    for (let lost = seq - 1; lost > place.seq && place.skipped.size < SKIPPED_MAX; lost--)
      place.skipped.add(lost);
  }

  /** An entry at or below the player's place: one that was skipped, one of a replay, or one too many. */
  private again(player: number, place: Place, record: LogRecord, bytes: Uint8Array, arrival: Arrival): void {
    const { seq } = record;
    const hash = hashOf(bytes);
    if (place.skipped.delete(seq)) {
      this.tally.faults.missing--;
      this.fault('outOfOrder', player, `entry ${seq} came behind entry ${place.seq}`);
      this.compare(player, place, record, hash);
      return this.count(record, arrival);
    }
    // A replay may begin before the position, and what the player has it skips; yet it must be the same.
    if (arrival.live) this.fault('twice', player, `entry ${seq} came twice`);
    this.compare(player, place, record, hash);
  }

  /** With what others saw at this place; who is the first to see it is compared with what was sent. */
  private compare(player: number, place: Place, record: LogRecord, hash: number): void {
    const { seq } = record;
    if (seq <= this.head - WINDOW) return;
    const slot = seq % WINDOW;
    if (this.seqs[slot] === seq) {
      if (this.hashes[slot] === hash) return;
      place.astray = true;
      return this.fault('different', player, `entry ${seq} is not what another player saw`);
    }
    this.head = Math.max(this.head, seq);
    this.seqs[slot] = seq;
    this.hashes[slot] = hash;
    this.sentAt[slot] = sentAtOf(record.body);
    this.lates[slot] = this.first(player, record) ? 1 : 0;
  }

  /** Answers whether its latency tells nothing about the server. */
  private first(player: number, record: LogRecord): boolean {
    if (record.kind === RecordKind.client) {
      const sender = this.senders.find(({ id }) => Buffer.compare(id, record.body) === 0);
      if (sender) this.numbers.set(record.client, sender);
      else this.fault('unknown', player, `entry ${record.seq} names a client that is none`);
      return true;
    }
    if (!SENDABLE.has(record.kind)) return true;
    const sender = this.numbers.get(record.client);
    const at = sender ? record.clientSeq - sender.base : Number.NaN;
    if (at < 0 || sender?.unseen[at]?.seen) {
      this.fault('twice', player, `entry ${record.seq} is a message that has a place already`);
      return true;
    }
    const message = sender?.unseen[at];
    if (!sender || !message) {
      this.fault('unknown', player, `entry ${record.seq} is a message that nobody sent`);
      return true;
    }
    if (sender.unseen.slice(0, at).some(({ seen }) => !seen)) {
      this.fault('outOfOrder', player, `entry ${record.seq} is a message before those sent earlier`);
    }
    if (message.hash !== hashOf(record.body)) {
      this.fault('changed', player, `entry ${record.seq} is not what was sent`);
    }
    message.seen = true;
    while (sender.unseen[0]?.seen) {
      sender.unseen.shift();
      sender.base++;
    }
    return message.late;
  }

  private count(record: LogRecord, { nowMs, live, late }: Arrival): void {
    if (record.kind !== RecordKind.move) return;
    const { tally } = this;
    tally.delivered++;
    const slot = record.seq % WINDOW;
    const known = this.seqs[slot] === record.seq;
    const latencyMs = nowMs - ((known ? this.sentAt[slot] : null) ?? sentAtOf(record.body));
    if (!(latencyMs >= 0)) return;
    const here = known && live && !late;
    (here && this.lates[slot] === 0 ? tally.prompt : tally.late).add(latencyMs);
    if (here) tally.second.add(latencyMs);
  }
}
