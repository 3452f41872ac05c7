/**
 * What must never happen, whatever else does. It sees every frame that leaves a server, and what the
 * journal holds (`truth.ts`); it never touches either.
 *
 * Rule numbers are those of the design: 1 nothing leaves before it is durable, 2 one order without
 * gap or repeat, 3 a resend is harmless, 4 a position stays good and no other is taken for good,
 * 5 one owner, 10 archive and log are one (`archive-check.ts`).
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
import { RoomTruth, type SentMove } from './durable-model.ts';
import { type Rule, Violation } from './violation.ts';

interface Conversation {
  readonly room: RoomTruth;
  readonly epoch: number;
  readonly position: number;
  readonly clients: readonly string[];
  /** The head that the welcome told; -1 before it. */
  head: number;
  /** The last seq sent on this link. */
  last: number;
  live: boolean;
  held: boolean;
  /** It was told to go instead of being welcomed. */
  dismissed: boolean;
  /** Records frames so far. */
  frames: number;
}

interface Passage {
  readonly first: number;
  readonly last: number;
}

export class Oracle implements LinkWatcher {
  readonly moves = new Map<number, SentMove>();
  readonly #rooms = new Map<string, RoomTruth>();
  readonly #talks = new Map<Link, Conversation>();
  /** Frames go to many sockets: what was found to be right is not looked at again. */
  #right = new WeakMap<Uint8Array, Passage>();
  readonly #scheduler: Scheduler;
  /** What is wrong by this rule is not noted: shows whether anything else would see it. */
  readonly #deafTo: Rule | null;
  /** The first thing that was seen to be wrong. */
  #noted: Violation | null = null;

  constructor(scheduler: Scheduler, deafTo: Rule | null) {
    this.#scheduler = scheduler;
    this.#deafTo = deafTo;
  }

  truth(room: string): RoomTruth {
    let truth = this.#rooms.get(room);
    if (!truth) {
      truth = new RoomTruth(room, this.moves, (rule, what) => this.note(rule, what));
      this.#rooms.set(room, truth);
    }
    return truth;
  }

  /** Throws if something wrong was seen so far. */
  verdict(): void {
    if (this.#noted !== null) throw this.#noted;
  }

  /** Who is watched must not notice it; `verdict` tells. */
  note(rule: Rule, what: string): void {
    if (rule === this.#deafTo) return;
    const violation = new Violation(rule, what);
    this.#scheduler.trace(() => `VIOLATION of ${violation.message}`);
    this.#noted ??= violation;
  }

  /** A backup was restored: what was right need not be so any more. */
  forgetRight(): void {
    this.#right = new WeakMap();
    this.#talks.clear();
  }

  up(link: Link, frame: Uint8Array): void {
    if (frame[0] !== hello.type || this.#talks.has(link)) return;
    const said = hello.decode(frame);
    if (said === null) return;
    const clients = said.clients.map(({ id }) => toHex(id));
    const { epoch, seq: position } = said;
    const room = this.truth(link.room);
    const state = { head: -1, last: -1, live: false, held: false, dismissed: false, frames: 0 };
    this.#talks.set(link, { room, epoch, position, clients, ...state });
  }

  /** The server has looked at that frame, and the link is still open: a repeat was dropped without a word. */
  taken(link: Link, frame: Uint8Array): void {
    const talk = this.#talks.get(link);
    const send = { client: 0, clientSeq: 0, kind: 0, bodyAt: 0 };
    // While the room holds, everything is dropped, and before the welcome it waits.
    if (talk === undefined || talk.head < 0 || talk.held || !readSend(frame, send)) return;
    const { room, clients, head, last } = talk;
    // What the server has told on this link it surely knows; that it is not stored again, `truth.ts` sees.
    const known = room.clientAt(clients[send.client] ?? '', Math.max(head, last))?.lastSeq ?? 0;
    if (send.clientSeq <= known) this.#scheduler.mark('resend dropped as a repeat');
  }

  down(link: Link, frame: Uint8Array): void {
    const talk = this.#talks.get(link);
    if (talk === undefined) return this.note(2, `${link.name} got ${frameName(frame)} without a hello`);
    if (talk.dismissed) this.note(2, `${link.name} got ${frameName(frame)} after it was told to go`);
    // Who is not let in any more is told so instead of a welcome, and nothing else (P15, P60).
    if (talk.head < 0 && frame[0] === drain.type) talk.dismissed = true;
    else if (talk.head < 0 && frame[0] !== welcome.type)
      this.note(2, `${link.name} got ${frameName(frame)} before its welcome`);
    switch (frame[0]) {
      case welcome.type:
        return this.#welcome(link, talk, frame);
      case RECORD_VERSION:
        return this.#records(link, talk, frame, frame);
      case chunk.type: {
        const values = chunk.decode(frame);
        if (values) this.#records(link, talk, inflateRawSync(values.deflated), values.deflated);
        return;
      }
      case live.type:
        return this.#live(link, talk, frame);
      case heartbeat.type:
        return this.#head(link, talk, heartbeat.decode(frame)?.seq ?? 0);
      case hold.type:
        talk.held = hold.decode(frame)?.on === 1;
        return;
      case expect.type: {
        const values = expect.decode(frame);
        const client = talk.clients[values?.client ?? -1] ?? '';
        return this.#expected(link, talk, client, (values?.next ?? 1) - 1);
      }
      default:
        return;
    }
  }

  gone(link: Link): void {
    this.#talks.delete(link);
  }

  /** All moves that were kept until they were echoed are in the log. */
  checkMoves(): void {
    for (const { id, room, owed, author } of this.moves.values()) {
      if (owed && !this.truth(room).places.has(id)) this.note(3, `move ${id} of ${author} is not in the log`);
    }
  }

  #welcome(link: Link, talk: Conversation, frame: Uint8Array): void {
    const values = welcome.decode(frame);
    if (values === null) return this.note(2, `${link.name} got a welcome that is none`);
    if (talk.head >= 0) this.note(2, `${link.name} was welcomed twice`);
    const { room, epoch, position } = talk;
    const resumed = values.resumed === 1;
    talk.head = values.seq;
    talk.last = resumed ? position : 0;
    this.#scheduler.mark(resumed ? 'position resumed' : position > 0 ? 'position reset' : 'position none');
    this.#head(link, talk, values.seq);
    // Entry 1 is of the first epoch, but only entry 2 says which: a page cannot name it yet.
    if (!resumed && position > 1 && room.holds(epoch, position))
      this.note(4, `${link.name} held entry ${position} of epoch ${epoch} and was reset`);
    if (resumed && !room.holds(epoch, position))
      this.note(4, `${link.name} was resumed at ${position}, which is not of epoch ${epoch}`);
    const seat = values.role === Role.observer ? null : values.seat;
    for (const [place, told] of values.clients.entries())
      this.#clientTold(link, talk, talk.clients[place] ?? '', seat, told);
  }

  /**
   * A welcome's head and its clients are of one moment. So what it says of a client is exactly what the
   * log has up to that head, whatever became durable since: more is not durable, less makes the page
   * send again what it need not. A client of another seat is answered with nothing.
   */
  #clientTold(
    link: Link,
    { room, head }: Conversation,
    client: string,
    seat: number | null,
    told: { readonly number: number; readonly lastSeq: number },
  ): void {
    const found = room.clientAt(client, head);
    const { number, lastSeq } = found?.seat === seat ? found : { number: 0, lastSeq: 0 };
    const what = `of client ${client}, the log has ${lastSeq} up to ${head}`;
    if (told.lastSeq > lastSeq) this.note(1, `${link.name} was told ${told.lastSeq} ${what}`);
    if (told.lastSeq < lastSeq) this.note(3, `${link.name} was told only ${told.lastSeq} ${what}`);
    if (told.number !== number)
      this.note(3, `${link.name} was told that client ${client} is ${told.number}, it is ${number}`);
  }

  #expected(link: Link, { room }: Conversation, client: string, seq: number): void {
    const last = room.lastOf(client);
    if (seq > last) this.note(1, `${link.name} was told ${seq} of client ${client}, the log has ${last}`);
  }

  #head(link: Link, { room }: Conversation, seq: number): void {
    if (seq > room.length) this.note(1, `${link.name} was told head ${seq}, the log has ${room.length}`);
  }

  #records(link: Link, talk: Conversation, bytes: Uint8Array, key: Uint8Array): void {
    const passage = this.#right.get(key) ?? this.#look(link, talk, bytes, key);
    if (passage === null) return;
    const { first, last } = passage;
    const isChunk = bytes !== key;
    if (first > talk.last + 1) this.note(2, `${link.name} got ${first} after ${talk.last}`);
    // In a replay a chunk, and the first records frame, may begin before what the page has, which skips
    // that (P21); but each must bring something new. Live records always begin with the next one.
    const mayOverlap = !talk.live && (isChunk || talk.frames === 0) && last > talk.last;
    if (first <= talk.last && !mayOverlap)
      this.note(2, `${link.name} got ${first} again in ${first}–${last}, having got ${talk.last}`);
    if (!isChunk) talk.frames++;
    talk.last = Math.max(talk.last, last);
  }

  #look(link: Link, { room }: Conversation, bytes: Uint8Array, key: Uint8Array): Passage | null {
    const reader = new Reader(bytes);
    let first = 0;
    let last = 0;
    while (!reader.atEnd) {
      const start = reader.at;
      const record = readRecord(reader);
      if (record === null) return (this.note(2, `${link.name} got bytes that are no records`), null);
      const { seq } = record;
      if (last > 0 && seq !== last + 1) this.note(2, `${link.name} got ${seq} after ${last} in one frame`);
      if (seq > room.length) this.note(1, `${link.name} got ${seq}, the log ends at ${room.length}`);
      else if (!room.isEntry(seq, bytes.subarray(start, reader.at)))
        this.note(1, `${link.name} got ${seq} otherwise than it is in the log`);
      first ||= seq;
      last = seq;
    }
    const passage = { first, last };
    this.#right.set(key, passage);
    return passage;
  }

  #live(link: Link, talk: Conversation, frame: Uint8Array): void {
    const seq = live.decode(frame)?.seq ?? -1;
    if (talk.live) this.note(2, `${link.name} went live twice`);
    if (seq !== talk.last) this.note(2, `${link.name} went live at ${seq} having got ${talk.last}`);
    if (seq < talk.head) this.note(2, `${link.name} went live at ${seq}, its welcome said ${talk.head}`);
    talk.live = true;
  }
}
