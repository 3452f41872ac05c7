/**
 * The downward way of one socket. A socket that falls behind gets a grace, then it is closed with
 * "reconnect": the log makes that safe, whereas a frame left out would be a gap.
 */
import type { Timers } from '../../../lib/world.ts';
import type { Peer } from '../../../ports/frontend/frontend.ts';

export interface SendBufferLimits {
  /** Unsent bytes of a socket: over the first it has `outputGraceMs` to catch up, over the second none. */
  readonly outputBytesSoft: number;
  readonly outputBytesHard: number;
  readonly outputGraceMs: number;
}

export const SEND_BUFFER_LIMITS: SendBufferLimits = {
  outputBytesSoft: 256 * 1024,
  outputBytesHard: 2 * 1024 * 1024,
  outputGraceMs: 5_000,
};

export interface SendBufferEvents {
  /** The socket takes no more: it must go. */
  fellBehind(): void;
}

export class SendBuffer {
  private readonly peer: Peer;
  private readonly limits: SendBufferLimits;
  private readonly timers: Timers;
  private readonly owner: SendBufferEvents;
  private grace: (() => void) | null = null;

  constructor(peer: Peer, limits: SendBufferLimits, timers: Timers, owner: SendBufferEvents) {
    this.peer = peer;
    this.limits = limits;
    this.timers = timers;
    this.owner = owner;
  }

  get isBackpressured(): boolean {
    return this.peer.congested;
  }

  send(frame: Uint8Array): void {
    if (!this.peer.send(frame)) this.owner.fellBehind();
    else if (this.peer.congested) this.measure();
  }

  /** A page of replay: pulled by the socket itself, so the cap does not count it. */
  sendReplay(frame: Uint8Array): boolean {
    return this.peer.send(frame);
  }

  /** The kernel took everything. */
  drained(): void {
    this.stop();
  }

  stop(): void {
    this.grace?.();
    this.grace = null;
  }

  private measure(): void {
    const bytes = this.peer.buffered();
    if (bytes > this.limits.outputBytesHard) this.owner.fellBehind();
    else if (bytes > this.limits.outputBytesSoft) {
      this.grace ??= this.timers.after(this.limits.outputGraceMs, () => {
        this.grace = null;
        if (this.peer.buffered() > this.limits.outputBytesSoft) this.owner.fellBehind();
      });
    }
  }
}
