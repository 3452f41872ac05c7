/**
 * What must never happen, whatever else does. It sees every frame that leaves a server, and what the
 * journal holds (`truth.ts`); it never touches either.
 *
 * Rule numbers are those of the design: 1 nothing leaves before it is durable, 2 one order without
 * gap or repeat, 3 a resend is harmless, 4 a position stays good and no other is taken for good,
 * 5 one owner, 10 archive and log are one.
 */
import { inflateRawSync } from 'node:zlib';
import { Reader } from '../../sdk/protocol/bytes.ts';
import { chunk } from '../../sdk/protocol/chunk.ts';
import { expect } from '../../sdk/protocol/expect.ts';
import { heartbeat } from '../../sdk/protocol/heartbeat.ts';
import { hello } from '../../sdk/protocol/hello.ts';
import { live } from '../../sdk/protocol/live.ts';
import { readRecord, RECORD_VERSION } from '../../sdk/protocol/record.ts';
import { welcome } from '../../sdk/protocol/welcome.ts';
import { toHex } from '../../sdk/src/hex.ts';
import type { Link, LinkWatcher } from './network.ts';
import type { Scheduler } from './scheduler.ts';
import { RoomTruth, type SentMove } from './truth.ts';

interface Conversation {
  readonly room: RoomTruth;
  readonly epoch: number;
  readonly position: number;
  readonly clients: readonly string[];
  /** The last seq sent on this link. */
  last: number;
  live: boolean;
  welcomed: boolean;
}

interface Passage {
  readonly first: number;
  readonly last: number;
}

export class Violation extends Error {
  override readonly name = 'Violation';
}

export class Oracle implements LinkWatcher {
  readonly moves = new Map<number, SentMove>();
  readonly #rooms = new Map<string, RoomTruth>();
  readonly #talks = new Map<Link, Conversation>();
  /** Frames go to many sockets: what was found to be right is not looked at again. */
  #right = new WeakMap<Uint8Array, Passage>();
  readonly #scheduler: Scheduler;
  /** The first thing that was seen to be wrong. */
  #noted: Violation | null = null;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  truth(room: string): RoomTruth {
    let truth = this.#rooms.get(room);
    if (!truth) {
      truth = new RoomTruth(room, this.moves, (rule, what) => this.note(rule, what));
      this.#rooms.set(room, truth);
    }
    return truth;
  }

  fail(rule: number, what: string): never {
    throw new Violation(`rule ${rule}: ${what}`);
  }

  /** Throws if something wrong was seen so far. */
  verdict(): void {
    if (this.#noted !== null) throw this.#noted;
  }

  /** For what is seen from within: who is watched must not notice it. */
  note(rule: number, what: string): void {
    this.#scheduler.trace(() => `VIOLATION of rule ${rule}: ${what}`);
    this.#noted ??= new Violation(`rule ${rule}: ${what}`);
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
    this.#talks.set(link, { room, epoch, position, clients, last: -1, live: false, welcomed: false });
  }

  down(link: Link, frame: Uint8Array): void {
    const talk = this.#talks.get(link);
    if (talk === undefined) return;
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
      case expect.type: {
        const values = expect.decode(frame);
        const client = talk.clients[values?.client ?? -1] ?? '';
        return this.#clientTold(link, talk, client, (values?.next ?? 1) - 1);
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
      if (owed && !this.truth(room).places.has(id)) this.fail(3, `move ${id} of ${author} is not in the log`);
    }
  }

  #welcome(link: Link, talk: Conversation, frame: Uint8Array): void {
    const values = welcome.decode(frame);
    if (values === null) return;
    const { room, epoch, position } = talk;
    const resumed = values.resumed === 1;
    talk.welcomed = true;
    talk.last = resumed ? position : 0;
    this.#scheduler.mark(resumed ? 'position resumed' : position > 0 ? 'position reset' : 'position none');
    this.#head(link, talk, values.seq);
    // Entry 1 is of the first epoch, but only entry 2 says which: a page cannot name it yet.
    if (!resumed && position > 1 && room.holds(epoch, position))
      this.note(4, `${link.name} held entry ${position} of epoch ${epoch} and was reset`);
    if (resumed && !room.holds(epoch, position))
      this.note(4, `${link.name} was resumed at ${position}, which is not of epoch ${epoch}`);
    for (const [place, { lastSeq }] of values.clients.entries()) {
      this.#clientTold(link, talk, talk.clients[place] ?? '', lastSeq);
    }
  }

  #clientTold(link: Link, { room }: Conversation, client: string, seq: number): void {
    const last = room.lastOf(client);
    if (seq > last) this.note(1, `${link.name} was told ${seq} of client ${client}, the log has ${last}`);
  }

  #head(link: Link, { room }: Conversation, seq: number): void {
    if (seq > room.length) this.note(1, `${link.name} was told head ${seq}, the log has ${room.length}`);
  }

  #records(link: Link, talk: Conversation, bytes: Uint8Array, key: Uint8Array): void {
    if (!talk.welcomed) this.note(2, `${link.name} got records before its welcome`);
    const passage = this.#right.get(key) ?? this.#look(link, talk, bytes, key);
    if (passage === null) return;
    const { first, last } = passage;
    if (first > talk.last + 1) this.note(2, `${link.name} got ${first} after ${talk.last}`);
    // A page of replay may begin before the position; live records may not.
    if (first <= talk.last && talk.live) this.note(2, `${link.name} got ${first} again`);
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
    talk.live = true;
  }
}
