/**
 * The messages of one client id that the server has not echoed yet.
 *
 * The server accepts exactly the client seq that follows the last one it has. So what is pending
 * runs on without a gap, and when a message is refused, what follows moves up by one. While frames
 * under old numbers are on their way, an answer could mean either: then it takes a new connection.
 */
import type { StoredSend } from './session-api.ts';

export class Outbox {
  /** Hex. */
  readonly id: string;
  /** Its number in the room; 0 until the server gave it one. */
  number = 0;
  /** Oldest first. */
  pending: readonly StoredSend[];
  /** Place in the hello of the present connection; -1 = not in it, nothing is sent. */
  place = -1;
  /** The last client seq known to be in the log. */
  settled = 0;
  /** The last client seq sent on this connection. */
  sent = 0;

  constructor(id: string, pending: readonly StoredSend[] = []) {
    this.id = id;
    this.pending = pending;
  }

  add(kind: number, body: Uint8Array<ArrayBuffer>): void {
    const clientSeq = (this.pending.at(-1)?.clientSeq ?? this.settled) + 1;
    this.pending = [...this.pending, { clientSeq, kind, body }];
  }

  /** The next message to send now, if there is one. */
  next(): StoredSend | undefined {
    return this.place < 0 ? undefined : this.pending.find((send) => send.clientSeq > this.sent);
  }

  /** A welcome named this client: its number in the room (0 = none yet), its last client seq in the log. */
  welcomed(number: number, lastSeq: number): void {
    this.number = number;
    this.settled = this.sent = lastSeq;
  }

  /** Sends again what the server may have let go when it could not store. */
  resend(): void {
    this.sent = this.settled;
  }

  /** Everything up to `clientSeq` is in the log and was seen there. True = something was pending. */
  settle(clientSeq = this.settled): boolean {
    this.settled = Math.max(this.settled, clientSeq);
    const before = this.pending.length;
    this.pending = this.pending.filter((send) => send.clientSeq > clientSeq);
    return this.pending.length < before;
  }

  /**
   * The server wants `next`: everything from there on is sent again, numbered anew without a gap.
   * True = numbers changed, which takes a new connection.
   */
  expect(next: number): boolean {
    const before = this.pending;
    this.sent = next - 1;
    let free = next;
    this.pending = before.map((send) => (send.clientSeq < next ? send : { ...send, clientSeq: free++ }));
    return this.pending.some((send, at) => send.clientSeq !== before[at]?.clientSeq);
  }

  /**
   * The server does not take this one: it is dropped; `forGood` = nor anything behind it, which then goes, too.
   * True = others overtook it and move up: a new connection.
   */
  refuse(clientSeq: number, forGood: boolean): boolean {
    const overtaken = this.sent > clientSeq;
    this.pending = this.pending.filter((send) =>
      forGood ? send.clientSeq < clientSeq : send.clientSeq !== clientSeq,
    );
    this.expect(clientSeq);
    return overtaken && !forGood;
  }
}
