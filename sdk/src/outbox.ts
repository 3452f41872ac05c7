/**
 * The messages of one client id that the server has not echoed yet.
 *
 * The server accepts exactly the client seq that follows the last one it has. So what is pending
 * runs on without a gap, and when a message is refused, what follows moves up by one. Moving up
 * while old frames are on their way would be a gamble; hence the barrier: sending stops, a ping is
 * sent, and only when its answer is back (everything before it is answered, too) are the rest
 * numbered anew, stored under the new numbers, and sent again.
 *
 * The memory copy is the truth of this page; a store that fails costs only the survival of a reload.
 */
import type { StoredSend } from './session-api.ts';
import { fromHex } from './hex.ts';

export class Outbox {
  readonly id: string;
  readonly idBytes: Uint8Array;
  /** Its number in the room; 0 until the server gave it one. */
  number = 0;
  /** Oldest first. */
  pending: StoredSend[] = [];
  /** Place in the hello of the present connection; -1 = not in it. */
  place = -1;
  /** Of the barrier's ping; 0 = no barrier. */
  barrier = 0;
  /** The renumbered messages are being stored. */
  storing = false;
  /** What the server wants next, as it said last; known at the barrier. */
  #expected = 0;
  /** The last client seq known to be in the log. */
  #settled = 0;
  /** The last client seq sent on this connection. */
  #sent = 0;
  /** A refused message is still in the store. */
  #stale = false;

  constructor(id: string, pending: readonly StoredSend[] = []) {
    this.id = id;
    this.idBytes = fromHex(id);
    this.pending = [...pending].sort((a, b) => a.clientSeq - b.clientSeq);
  }

  add(kind: number, body: Uint8Array<ArrayBuffer>): StoredSend {
    const send = { clientSeq: (this.pending.at(-1)?.clientSeq ?? this.#settled) + 1, kind, body };
    this.pending.push(send);
    return send;
  }

  /** The next message to send now, if there is one. */
  next(): StoredSend | undefined {
    if (this.place < 0 || this.barrier !== 0 || this.storing) return undefined;
    return this.pending.find((send) => send.clientSeq > this.#sent);
  }

  sent(send: StoredSend): void {
    this.#sent = send.clientSeq;
  }

  /** A welcome named this client: its number in the room (0 = none yet), its last client seq in the log. */
  welcomed(number: number, lastSeq: number): void {
    this.number = number;
    this.barrier = 0;
    this.#settled = lastSeq;
    this.#sent = lastSeq;
  }

  /** Connection lost. */
  lost(): void {
    this.place = -1;
    this.barrier = 0;
  }

  /** Sends again what the server may have let go when it could not store. */
  resend(): void {
    this.barrier = 0;
    this.#sent = this.#settled;
  }

  /** Everything up to `clientSeq` was seen in the log. Answers whether something was pending. */
  echoed(clientSeq: number): boolean {
    this.#settled = Math.max(this.#settled, clientSeq);
    return this.#drop(clientSeq);
  }

  /**
   * The replay is over: what the welcome called durable needs no echo any more. Answers up to where
   * something was dropped, 0 if nothing was.
   */
  live(): number {
    return this.#drop(this.#settled) ? this.#settled : 0;
  }

  /** The server wants `next`: time for a barrier. */
  expect(next: number): void {
    this.#expected = next;
  }

  /** The server does not take this one: time for a barrier. Handed back if it was still pending. */
  refuse(clientSeq: number): StoredSend | undefined {
    const at = this.pending.findIndex((send) => send.clientSeq === clientSeq);
    if (at < 0) return undefined;
    this.#expected = clientSeq;
    this.#stale = true;
    return this.pending.splice(at, 1)[0];
  }

  /** The barrier's ping is answered. True = what is pending must be stored anew before it is sent. */
  passBarrier(): boolean {
    const stale = this.#stale;
    this.#stale = false;
    this.barrier = 0;
    const next = this.#expected;
    this.#sent = next - 1;
    // A lower number than what we saw settled: the server was restored from an older state.
    this.#settled = Math.min(this.#settled, next - 1);
    const waiting = this.pending.filter((send) => send.clientSeq >= next);
    if (waiting.every((send, index) => send.clientSeq === next + index)) return stale;
    const before = this.pending.filter((send) => send.clientSeq < next);
    this.pending = [...before, ...waiting.map((send, index) => ({ ...send, clientSeq: next + index }))];
    return true;
  }

  #drop(upto: number): boolean {
    const before = this.pending.length;
    this.pending = this.pending.filter((send) => send.clientSeq > upto);
    return this.pending.length < before;
  }
}
