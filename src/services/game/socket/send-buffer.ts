/**
 * Sends frames to one socket and limits its unsent bytes (backpressure). A socket over the soft limit gets a
 * grace period, then it is closed with a code to reconnect. Frames are never dropped: that would be a gap in
 * the order (I2), whereas after a reconnect the page gets the missing records from the log.
 */
import type { Timers } from '../../../lib/world.ts';
import type { Peer } from '../../../ports/frontend/frontend.ts';

export interface SendBufferLimits {
  /**
   * Unsent bytes of a socket: over the soft limit it has `outputGraceMs` to catch up, over the hard limit
   * none.
   */
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
  /** The socket is over its limit, or a send failed: close it. */
  onOverflow(): void;
}

export class SendBuffer {
  private readonly peer: Peer;
  private readonly limits: SendBufferLimits;
  private readonly timers: Timers;
  private readonly events: SendBufferEvents;
  private cancelGrace: (() => void) | null = null;

  constructor(peer: Peer, limits: SendBufferLimits, timers: Timers, events: SendBufferEvents) {
    this.peer = peer;
    this.limits = limits;
    this.timers = timers;
    this.events = events;
  }

  get isBackpressured(): boolean {
    return this.peer.isBackpressured;
  }

  send(frame: Uint8Array): void {
    if (!this.peer.send(frame)) this.events.onOverflow();
    else if (this.peer.isBackpressured) this.checkSize();
  }

  /** Sends without checking the limit: replay only sends more when the socket has drained. */
  sendReplay(frame: Uint8Array): boolean {
    return this.peer.send(frame);
  }

  /** The kernel has taken all bytes. */
  onDrain(): void {
    this.stop();
  }

  stop(): void {
    this.cancelGrace?.();
    this.cancelGrace = null;
  }

  private checkSize(): void {
    const bytes = this.peer.buffered();
    if (bytes > this.limits.outputBytesHard) this.events.onOverflow();
    else if (bytes > this.limits.outputBytesSoft) {
      this.cancelGrace ??= this.timers.after(this.limits.outputGraceMs, () => {
        this.cancelGrace = null;
        if (this.peer.buffered() > this.limits.outputBytesSoft) this.events.onOverflow();
      });
    }
  }
}
