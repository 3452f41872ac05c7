/** Handles `send` frames of one socket: offers the message to the sequencer, or decides on the reply. */
import { Close, type CloseCode } from '../../../../sdk/protocol/close-codes.ts';
import { expect } from '../../../../sdk/protocol/expect.ts';
import { SENDABLE_KINDS } from '../../../../sdk/protocol/record.ts';
import { refused, RefusedReason } from '../../../../sdk/protocol/refused.ts';
import { readSend, type SendHead } from '../../../../sdk/protocol/send.ts';
import type { Client } from '../room/client-table.ts';
import type { Sequencer } from '../room/sequencer.ts';

/**
 * - null: no reply.
 * - a frame: send it to this socket.
 * - a close code: close the socket.
 * - 'backpressured': rejected; after the next commit send the frames of `takePendingExpects`.
 * - a number: out of order; send `encodeExpect` for the client with this index in the hello.
 */
export type ReceiveOutcome = null | 'backpressured' | number | Uint8Array | CloseCode;

// One object for all frames of the process: it is not used after the call.
const head: SendHead = { client: 0, clientSeq: 0, kind: 0, bodyAt: 0 };

export class MessageReceiver {
  private readonly sequencer: Sequencer;
  /** In the order of the hello; null = the client id belongs to another seat. */
  private readonly clients: readonly (Client | null)[];
  /**
   * One bit per client: `expect` was sent, and the message it names has not arrived yet. A run of frames out
   * of order gets one `expect`.
   */
  private expectSent = 0;
  /** One bit per client: a message was rejected as `backpressured`, and its `expect` is still to be sent. */
  private expectPending = 0;
  private readonly observer: boolean;
  private readonly bodyBytesMax: number;

  constructor(
    sequencer: Sequencer,
    clients: readonly (Client | null)[],
    observer: boolean,
    bodyBytesMax: number,
  ) {
    this.sequencer = sequencer;
    this.clients = clients;
    this.observer = observer;
    this.bodyBytesMax = bodyBytesMax;
  }

  receive(frame: Uint8Array): ReceiveOutcome {
    if (!readSend(frame, head)) return Close.malformed;
    if (this.observer) return refuse(RefusedReason.observer);
    const client = this.clients[head.client];
    if (client === undefined) return Close.malformed;
    if (client === null) return refuse(RefusedReason.otherSeat);
    if (!SENDABLE_KINDS.has(head.kind)) return refuse(RefusedReason.kind);
    if (frame.length - head.bodyAt > this.bodyBytesMax) return refuse(RefusedReason.tooLarge);
    const outcome = this.sequencer.offer(client, head.clientSeq, head.kind, frame, head.bodyAt);
    if (outcome === 'outOfOrder') return this.outOfOrder();
    this.expectSent &= ~(1 << head.client);
    switch (outcome) {
      case 'accepted':
      case 'duplicate':
      case 'held':
        return null;
      case 'backpressured':
        // `expect` follows after the next commit; frames that arrive before are out of order and get no
        // reply.
        this.expectSent |= 1 << head.client;
        this.expectPending |= 1 << head.client;
        return 'backpressured';
      case 'roomFull':
        return refuse(RefusedReason.roomFull);
      case 'tooManyClients':
        return refuse(RefusedReason.tooManyClients);
      default:
        return outcome satisfies never;
    }
  }

  /** The `expect` frames for the clients whose message was rejected as `backpressured`. */
  takePendingExpects(): Uint8Array[] {
    const frames: Uint8Array[] = [];
    for (const [clientIndex, client] of this.clients.entries()) {
      if (this.expectPending & (1 << clientIndex) && client) frames.push(this.encodeExpect(clientIndex));
    }
    this.expectPending = 0;
    return frames;
  }

  /** The `expect` frame for this client: the next client seq, counted from the durable one. */
  encodeExpect(clientIndex: number): Uint8Array {
    // Messages in flight may still be refused by the log, and a resend is harmless (I3).
    const next = (this.clients[clientIndex]?.durableSeq ?? 0) + 1;
    return expect.encode({ client: clientIndex, next });
  }

  private outOfOrder(): ReceiveOutcome {
    const bit = 1 << head.client;
    if (this.expectSent & bit) return null;
    this.expectSent |= bit;
    return head.client;
  }
}

function refuse(reason: RefusedReason): Uint8Array {
  return refused.encode({ client: head.client, clientSeq: head.clientSeq, reason });
}
