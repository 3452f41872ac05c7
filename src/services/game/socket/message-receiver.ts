/** The upward way of a move: from a frame to its place in the sequencer, or the answer why not. */
import { Close, type CloseCode } from '../../../../sdk/protocol/close-codes.ts';
import { expect } from '../../../../sdk/protocol/expect.ts';
import { SENDABLE } from '../../../../sdk/protocol/record.ts';
import { refused, RefusedReason } from '../../../../sdk/protocol/refused.ts';
import { readSend, type SendHead } from '../../../../sdk/protocol/send.ts';
import type { Client } from '../room/client-table.ts';
import type { Sequencer } from '../room/sequencer.ts';

/**
 * null = nothing to say; a frame = the answer to this socket; a close code = it is closed; 'wait' =
 * turned back until something was stored, then `settleDebts`; a number = out of turn: the client with
 * this place in the hello is to be told where to go on, by `expect`.
 */
export type ReceiveOutcome = null | 'wait' | number | Uint8Array | CloseCode;

// One for all frames of the process: it is read before anything else can happen.
const head: SendHead = { client: 0, clientSeq: 0, kind: 0, bodyAt: 0 };

export class MessageReceiver {
  private readonly sequencer: Sequencer;
  /** In the order of the hello; null = the id belongs to another seat. */
  private readonly clients: readonly (Client | null)[];
  /**
   * Where `expect` was said and not yet followed, a bit per client: one answer for a whole run of
   * wrong frames.
   */
  private asked = 0;
  /** Where a message was turned back because too much waits; `expect` is owed to these (bits). */
  private owed = 0;
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

  take(frame: Uint8Array): ReceiveOutcome {
    if (!readSend(frame, head)) return Close.malformed;
    if (this.observer) return no(RefusedReason.observer);
    const client = this.clients[head.client];
    if (client === undefined) return Close.malformed;
    if (client === null) return no(RefusedReason.otherSeat);
    if (!SENDABLE.has(head.kind)) return no(RefusedReason.kind);
    if (frame.length - head.bodyAt > this.bodyBytesMax) return no(RefusedReason.tooLarge);
    const offer = this.sequencer.offer(client, head.clientSeq, head.kind, frame, head.bodyAt);
    if (offer === 'outOfOrder') return this.jumped();
    this.asked &= ~(1 << head.client);
    switch (offer) {
      case 'taken':
      case 'repeat':
      case 'held':
        return null;
      case 'backpressured':
        // Said once there is room again; what comes meanwhile is out of turn and gets no answer.
        this.asked |= 1 << head.client;
        this.owed |= 1 << head.client;
        return 'wait';
      case 'full':
        return no(RefusedReason.roomFull);
      case 'clients':
        return no(RefusedReason.tooManyClients);
      default:
        return offer satisfies never;
    }
  }

  /** There is room again: what to tell the page, for each client whose message was turned back. */
  settleDebts(): Uint8Array[] {
    const frames: Uint8Array[] = [];
    for (const [place, client] of this.clients.entries()) {
      if (this.owed & (1 << place) && client) frames.push(this.expect(place));
    }
    this.owed = 0;
    return frames;
  }

  /** Where the client with this place goes on, as of now. */
  expect(place: number): Uint8Array {
    // The durable one: what is still under way may yet be refused, and a repeat does no harm.
    const next = (this.clients[place]?.durableSeq ?? 0) + 1;
    return expect.encode({ client: place, next });
  }

  private jumped(): ReceiveOutcome {
    const bit = 1 << head.client;
    if (this.asked & bit) return null;
    this.asked |= bit;
    return head.client;
  }
}

function no(reason: RefusedReason): Uint8Array {
  return refused.encode({ client: head.client, clientSeq: head.clientSeq, reason });
}
