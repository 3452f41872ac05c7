/**
 * Checks the invariants I1 to I5 on every frame that leaves a server, against what the journal holds
 * (`durable-model.ts`). It changes neither. I10 is checked by `archive-check.ts`.
 */
import { inflateRawSync } from 'node:zlib';
import { Reader } from '../../sdk/protocol/bytes.ts';
import { chunk } from '../../sdk/protocol/chunk.ts';
import { drain } from '../../sdk/protocol/drain.ts';
import { expect } from '../../sdk/protocol/expect.ts';
import { heartbeat } from '../../sdk/protocol/heartbeat.ts';
import { hello } from '../../sdk/protocol/hello.ts';
import { hold } from '../../sdk/protocol/hold.ts';
import { live } from '../../sdk/protocol/live.ts';
import { readRecord, RECORD_VERSION } from '../../sdk/protocol/record.ts';
import { readSend } from '../../sdk/protocol/send.ts';
import { Role, welcome } from '../../sdk/protocol/welcome.ts';
import { toHex } from '../../sdk/src/hex.ts';
import { frameName } from './frame-names.ts';
import type { Link, LinkWatcher } from './network.ts';
import type { Scheduler } from './scheduler.ts';
import { DurableModel, type SentMove } from './durable-model.ts';
import { type Invariant, Violation } from './violation.ts';

interface LinkState {
  readonly room: DurableModel;
  readonly epoch: number;
  readonly position: number;
  readonly clients: readonly string[];
  /** The head in the welcome; -1 before it. */
  head: number;
  /** The last seq sent over this link. */
  last: number;
  live: boolean;
  held: boolean;
  /** It received a drain notice instead of a welcome. */
  drained: boolean;
  /** Number of records frames so far. */
  frames: number;
}

interface SeqRange {
  readonly first: number;
  readonly last: number;
}

export class Oracle implements LinkWatcher {
  readonly moves = new Map<number, SentMove>();
  private readonly models = new Map<string, DurableModel>();
  private readonly links = new Map<Link, LinkState>();
  /** Frames that were found correct: the same object goes to many sockets and is checked once. */
  private checked = new WeakMap<Uint8Array, SeqRange>();
  private readonly scheduler: Scheduler;
  /** Violations of this invariant are not reported: shows whether any other check detects a mutant. */
  private readonly ignored: Invariant | null;
  /** The first violation. */
  private violation: Violation | null = null;

  constructor(scheduler: Scheduler, ignored: Invariant | null) {
    this.scheduler = scheduler;
    this.ignored = ignored;
  }

  model(room: string): DurableModel {
    let model = this.models.get(room);
    if (!model) {
      model = new DurableModel(room, this.moves, (invariant, what) => this.report(invariant, what));
      this.models.set(room, model);
    }
    return model;
  }

  /** Throws the first violation so far, if any. */
  throwViolation(): void {
    if (this.violation !== null) throw this.violation;
  }

  /** Records a violation without throwing, since callers are parts of the system under test. */
  report(invariant: Invariant, what: string): void {
    if (invariant === this.ignored) return;
    const violation = new Violation(invariant, what);
    this.scheduler.trace(() => `VIOLATION of ${violation.message}`);
    this.violation ??= violation;
  }

  /** Forgets all frames and links after the restore of a backup. */
  reset(): void {
    this.checked = new WeakMap();
    this.links.clear();
  }

  received(link: Link, frame: Uint8Array): void {
    if (frame[0] !== hello.type || this.links.has(link)) return;
    const decoded = hello.decode(frame);
    if (decoded === null) return;
    const clients = decoded.clients.map(({ id }) => toHex(id));
    const { epoch, seq: position } = decoded;
    const room = this.model(link.room);
    const initial = { head: -1, last: -1, live: false, held: false, drained: false, frames: 0 };
    this.links.set(link, { room, epoch, position, clients, ...initial });
  }

  /**
   * The server has processed the frame, and the link is still open: a repeated message was dropped
   * silently.
   */
  processed(link: Link, frame: Uint8Array): void {
    const state = this.links.get(link);
    const send = { client: 0, clientSeq: 0, kind: 0, bodyAt: 0 };
    // While the room is on hold everything is dropped, and before the welcome frames wait.
    if (state === undefined || state.head < 0 || state.held || !readSend(frame, send)) return;
    const { room, clients, head, last } = state;
    // The server knows everything that it sent over this link; `durable-model.ts` checks that a repeat is not
    // stored.
    const known = room.clientAt(clients[send.client] ?? '', Math.max(head, last))?.lastSeq ?? 0;
    if (send.clientSeq <= known) this.scheduler.count('resend dropped as a repeat');
  }

  sent(link: Link, frame: Uint8Array): void {
    const state = this.links.get(link);
    if (state === undefined) return this.report('I2', `${link.name} got ${frameName(frame)} without a hello`);
    if (state.drained) this.report('I2', `${link.name} got ${frameName(frame)} after a drain notice`);
    // A rejected client gets a drain notice instead of a welcome, and nothing else (P15, P60).
    if (state.head < 0 && frame[0] === drain.type) state.drained = true;
    else if (state.head < 0 && frame[0] !== welcome.type)
      this.report('I2', `${link.name} got ${frameName(frame)} before its welcome`);
    switch (frame[0]) {
      case welcome.type:
        return this.checkWelcome(link, state, frame);
      case RECORD_VERSION:
        return this.checkFrame(link, state, frame, frame);
      case chunk.type: {
        const values = chunk.decode(frame);
        if (values) this.checkFrame(link, state, inflateRawSync(values.deflated), values.deflated);
        return;
      }
      case live.type:
        return this.checkLive(link, state, frame);
      case heartbeat.type:
        return this.checkHead(link, state, heartbeat.decode(frame)?.seq ?? 0);
      case hold.type:
        state.held = hold.decode(frame)?.on === 1;
        return;
      case expect.type: {
        const values = expect.decode(frame);
        const client = state.clients[values?.client ?? -1] ?? '';
        return this.checkExpect(link, state, client, (values?.next ?? 1) - 1);
      }
      default:
        return;
    }
  }

  closed(link: Link): void {
    this.links.delete(link);
  }

  /** All moves that were stored until their echo are in the log. */
  checkMoves(): void {
    for (const { id, room, isExpected, author } of this.moves.values()) {
      if (isExpected && !this.model(room).moveSeqs.has(id))
        this.report('I3', `move ${id} of ${author} is not in the log`);
    }
  }

  private checkWelcome(link: Link, state: LinkState, frame: Uint8Array): void {
    const values = welcome.decode(frame);
    if (values === null) return this.report('I2', `${link.name} got a malformed welcome`);
    if (state.head >= 0) this.report('I2', `${link.name} was welcomed twice`);
    const { room, epoch, position } = state;
    const resumed = values.resumed === 1;
    state.head = values.seq;
    state.last = resumed ? position : 0;
    this.scheduler.count(resumed ? 'position resumed' : position > 0 ? 'position reset' : 'position none');
    this.checkHead(link, state, values.seq);
    // Entry 1 belongs to the first epoch, but only entry 2 names it: a page cannot name it yet.
    if (!resumed && position > 1 && room.hasPosition(epoch, position))
      this.report('I4', `${link.name} held entry ${position} of epoch ${epoch} and was reset`);
    if (resumed && !room.hasPosition(epoch, position))
      this.report('I4', `${link.name} was resumed at ${position}, which is not of epoch ${epoch}`);
    const seat = values.role === Role.observer ? null : values.seat;
    for (const [index, sent] of values.clients.entries())
      this.checkClient(link, state, state.clients[index] ?? '', seat, sent);
  }

  /**
   * A welcome's head and its clients are of one moment: what it says of a client must be what the log has
   * up to that head, whatever became durable since. More is not durable (I1); less makes the page resend
   * needlessly (I3). A client of another seat gets zeroes.
   */
  private checkClient(
    link: Link,
    { room, head }: LinkState,
    client: string,
    seat: number | null,
    sent: { readonly number: number; readonly lastSeq: number },
  ): void {
    const found = room.clientAt(client, head);
    const { number, lastSeq } = found?.seat === seat ? found : { number: 0, lastSeq: 0 };
    const what = `of client ${client}, the log has ${lastSeq} up to ${head}`;
    if (sent.lastSeq > lastSeq) this.report('I1', `${link.name} was sent ${sent.lastSeq} ${what}`);
    if (sent.lastSeq < lastSeq) this.report('I3', `${link.name} was sent only ${sent.lastSeq} ${what}`);
    if (sent.number !== number)
      this.report('I3', `${link.name} was sent number ${sent.number} for client ${client}, it is ${number}`);
  }

  private checkExpect(link: Link, { room }: LinkState, client: string, seq: number): void {
    const last = room.lastSeqOf(client);
    if (seq > last)
      this.report('I1', `${link.name} was sent ${seq} of client ${client}, the log has ${last}`);
  }

  private checkHead(link: Link, { room }: LinkState, seq: number): void {
    if (seq > room.length) this.report('I1', `${link.name} was sent head ${seq}, the log has ${room.length}`);
  }

  private checkFrame(link: Link, state: LinkState, bytes: Uint8Array, key: Uint8Array): void {
    const range = this.checked.get(key) ?? this.checkRecords(link, state, bytes, key);
    if (range === null) return;
    const { first, last } = range;
    const isChunk = bytes !== key;
    if (first > state.last + 1) this.report('I2', `${link.name} got ${first} after ${state.last}`);
    // In a replay a chunk, and the first records frame, may begin before the page's position, and the page
    // skips that part (P21); but each must contain something new. Live records always begin with the next
    // seq.
    const mayOverlap = !state.live && (isChunk || state.frames === 0) && last > state.last;
    if (first <= state.last && !mayOverlap)
      this.report('I2', `${link.name} got ${first} again in ${first}–${last}, having got ${state.last}`);
    if (!isChunk) state.frames++;
    state.last = Math.max(state.last, last);
  }

  private checkRecords(link: Link, { room }: LinkState, bytes: Uint8Array, key: Uint8Array): SeqRange | null {
    const reader = new Reader(bytes);
    let first = 0;
    let last = 0;
    while (!reader.atEnd) {
      const start = reader.at;
      const record = readRecord(reader);
      if (record === null) return (this.report('I2', `${link.name} got bytes that are no records`), null);
      const { seq } = record;
      if (last > 0 && seq !== last + 1)
        this.report('I2', `${link.name} got ${seq} after ${last} in one frame`);
      if (seq > room.length) this.report('I1', `${link.name} got ${seq}, the log ends at ${room.length}`);
      else if (!room.isEntry(seq, bytes.subarray(start, reader.at)))
        this.report('I1', `${link.name} got ${seq} with other bytes than the log has`);
      first ||= seq;
      last = seq;
    }
    const range = { first, last };
    this.checked.set(key, range);
    return range;
  }

  private checkLive(link: Link, state: LinkState, frame: Uint8Array): void {
    const seq = live.decode(frame)?.seq ?? -1;
    if (state.live) this.report('I2', `${link.name} went live twice`);
    if (seq !== state.last) this.report('I2', `${link.name} went live at ${seq} having got ${state.last}`);
    if (seq < state.head)
      this.report('I2', `${link.name} went live at ${seq}, its welcome has head ${state.head}`);
    state.live = true;
  }
}
