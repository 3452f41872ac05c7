/** A socket without a network: the server's side is a Peer, the page's side a test. */
import type { Peer, PeerHandler, SocketAnswer } from '../../../src/ports/frontend/frontend.ts';
import { decodeDown, type DownFrame, type DownFrames, type DownName } from './down-frames.ts';

export class TestPeer implements Peer {
  readonly address: string;
  /** Every frame the server sent, as bytes; the very objects it gave. */
  readonly sent: Uint8Array[] = [];
  /** The same frames by the writes in which they left. */
  readonly writes: Uint8Array[][] = [];
  closedWith: number | null = null;
  /** Frames that the server tried to send after the end. */
  lateSends = 0;
  pings = 0;
  paused = false;
  congested = false;
  /** While true the kernel takes nothing: frames pile up in `buffered`. */
  stuck = false;
  /** The network is gone without a word: nothing arrives, and the server does not know. */
  cut = false;
  /** The end is reported only when the page goes, not from within the call of `close`. */
  closesLate = false;
  private waiting = 0;
  private write: Uint8Array[] | null = null;
  private readonly wakes: (() => void)[] = [];
  private handler: PeerHandler | null = null;

  private constructor(address: string) {
    this.address = address;
  }

  /** Throws the status if the offer is declined. */
  static open(answer: SocketAnswer, address = '10.0.0.1'): TestPeer {
    if (!answer.accept) throw new Error(String(answer.status));
    const peer = new TestPeer(address);
    const handler = answer.open(peer);
    if (peer.closedWith === null) peer.handler = handler;
    else handler.closed(peer.closedWith);
    return peer;
  }

  // The server's side.

  send(frame: Uint8Array): boolean {
    if (this.closedWith !== null) {
      this.lateSends++;
      return false;
    }
    this.sent.push(frame);
    if (this.write === null) this.writes.push([frame]);
    else this.write.push(frame);
    this.wakeWaiting();
    if (this.stuck) {
      this.congested = true;
      this.waiting += frame.length;
    }
    return true;
  }

  together(run: () => void): void {
    if (this.write !== null) return run();
    this.write = [];
    run();
    if (this.write.length > 0) this.writes.push(this.write);
    this.write = null;
  }

  buffered(): number {
    return this.waiting;
  }

  ping(): void {
    this.pings++;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  close(code: number, _reason: string): void {
    if (this.closesLate) this.closedWith ??= code;
    else this.end(code);
  }

  // The page's side.

  /** A binary frame of the page; the bytes are overwritten afterwards, as a real server may do. */
  say(frame: Uint8Array): void {
    if (this.cut) return;
    const bytes = frame.slice();
    this.handler?.message(bytes);
    bytes.fill(0xee);
  }

  sayText(): void {
    this.handler?.text();
  }

  /** A ping of the WebSocket layer; the server's own are counted in `pings`. */
  ownPing(): void {
    this.handler?.pinged();
  }

  pong(): void {
    this.handler?.alive();
  }

  /** The page goes away. */
  leave(): void {
    this.end(1005);
  }

  /** The kernel takes so many bytes of what is waiting, not all. */
  trickle(bytes: number): void {
    if (bytes >= this.waiting) throw new Error(`only ${this.waiting} bytes are waiting`);
    this.waiting -= bytes;
  }

  /** The kernel takes everything. */
  drain(): void {
    this.stuck = false;
    this.waiting = 0;
    if (!this.congested) return;
    this.congested = false;
    this.handler?.drained();
  }

  /** Resolves when a frame has made it so. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((wake) => this.wakes.push(wake));
  }

  frames(): DownFrame[] {
    return this.sent.map(decodeDown);
  }

  all<N extends DownName>(name: N): DownFrames[N][] {
    return this.frames()
      .filter((frame) => frame.name === name)
      .map((frame) => frame.values as DownFrames[N]);
  }

  last<N extends DownName>(name: N): DownFrames[N] {
    const found = this.all(name).at(-1);
    if (!found) throw new Error(`no ${name} among ${this.names().join(' ')}`);
    return found;
  }

  /** The names of all frames, in order. */
  names(): DownName[] {
    return this.frames().map((frame) => frame.name);
  }

  /** The names of the frames of each write. */
  writeNames(): DownName[][] {
    return this.writes.map((write) => write.map((frame) => decodeDown(frame).name));
  }

  private wakeWaiting(): void {
    for (const wake of this.wakes.splice(0)) wake();
  }

  private end(code: number): void {
    this.closedWith ??= code;
    const { handler } = this;
    this.handler = null;
    handler?.closed(this.closedWith);
  }
}
