/**
 * The messages of one client id that are not echoed yet.
 *
 * The server accepts exactly the client seq after the last one it has. So the numbers of pending messages have no
 * gap, and after a refusal the later messages are renumbered. If some of those were already sent, a response could
 * mean the old or the new number: then a new connection is needed.
 */
import type { StoredSend } from './session-api.ts';

export class Outbox {
  /** Hex. */
  readonly id: string;
  /** The client's number in the room; 0 = not assigned yet. */
  clientNumber = 0;
  /** Oldest first. */
  pending: readonly StoredSend[];
  /** Index in the hello of the current connection; -1 = not in it, nothing is sent. */
  helloIndex = -1;
  /** The last client seq known to be durable. */
  acknowledged = 0;
  /** The last client seq sent on this connection. */
  sent = 0;

  constructor(id: string, pending: readonly StoredSend[] = []) {
    this.id = id;
    this.pending = pending;
  }

  add(kind: number, body: Uint8Array<ArrayBuffer>): void {
    const clientSeq = (this.pending.at(-1)?.clientSeq ?? this.acknowledged) + 1;
    this.pending = [...this.pending, { clientSeq, kind, body }];
  }

  /** The next message to send now, if there is one. */
  nextToSend(): StoredSend | undefined {
    return this.helloIndex < 0 ? undefined : this.pending.find((send) => send.clientSeq > this.sent);
  }

  /** The welcome gives the client's number in the room (0 = none yet) and its last durable client seq. */
  onWelcome(number: number, lastSeq: number): void {
    this.clientNumber = number;
    this.acknowledged = this.sent = lastSeq;
  }

  /** Marks everything not acknowledged as unsent: the server may have dropped it during a hold. */
  resend(): void {
    this.sent = this.acknowledged;
  }

  /** Removes everything up to `clientSeq`, which is durable. Returns whether anything was removed. */
  acknowledge(clientSeq = this.acknowledged): boolean {
    this.acknowledged = Math.max(this.acknowledged, clientSeq);
    const before = this.pending.length;
    this.pending = this.pending.filter((send) => send.clientSeq > clientSeq);
    return this.pending.length < before;
  }

  /**
   * Sends everything from `next` on again, numbered without a gap. Returns whether numbers changed; then
   * a new connection is needed.
   */
  renumberFrom(next: number): boolean {
    const before = this.pending;
    this.sent = next - 1;
    let free = next;
    this.pending = before.map((send) => (send.clientSeq < next ? send : { ...send, clientSeq: free++ }));
    return this.pending.some((send, at) => send.clientSeq !== before[at]?.clientSeq);
  }

  /**
   * Drops the refused message, with `forGood` also all later ones. Returns whether later messages that
   * were already sent get new numbers; then a new connection is needed.
   */
  onRefused(clientSeq: number, forGood: boolean): boolean {
    const overtaken = this.sent > clientSeq;
    this.pending = this.pending.filter((send) =>
      forGood ? send.clientSeq < clientSeq : send.clientSeq !== clientSeq,
    );
    this.renumberFrom(clientSeq);
    return overtaken && !forGood;
  }
}
