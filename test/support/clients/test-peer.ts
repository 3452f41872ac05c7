/** A socket without a network: the server uses it as a Peer, the test as the page. */
import type { Peer, PeerHandler, UpgradeResponse } from '../../../src/ports/frontend/frontend.ts';
import { decodeDown, type DownFrame, type DownFrames, type DownName } from './down-frames.ts';

export class TestPeer implements Peer {
  readonly address: string;
  /** Every frame the server sent: the same objects, not copies. */
  readonly sent: Uint8Array[] = [];
  /** The same frames, grouped by write. */
  readonly writes: Uint8Array[][] = [];
  closedWith: number | null = null;
  /** Number of frames that the server tried to send after the close. */
  lateSends = 0;
  pings = 0;
  paused = false;
  isBackpressured = false;
  /** While true the kernel takes nothing: frames collect in `buffered`. */
  isStuck = false;
  /** The connection is lost, and the server does not know it: nothing arrives. */
  isCut = false;
  /** `onClose` is called when the page closes, not from within `close`. */
  closesAsync = false;
  private waiting = 0;
  private write: Uint8Array[] | null = null;
  private readonly wakes: (() => void)[] = [];
  private handler: PeerHandler | null = null;

  private constructor(address: string) {
    this.address = address;
  }

  /** Throws the status if the upgrade is declined. */
  static open(answer: UpgradeResponse, address = '10.0.0.1'): TestPeer {
    if (!answer.accept) throw new Error(String(answer.status));
    const peer = new TestPeer(address);
    const handler = answer.open(peer);
    if (peer.closedWith === null) peer.handler = handler;
    else handler.onClose(peer.closedWith);
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
    if (this.isStuck) {
      this.isBackpressured = true;
      this.waiting += frame.length;
    }
    return true;
  }

  cork(run: () => void): void {
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
    if (this.closesAsync) this.closedWith ??= code;
    else this.end(code);
  }

  // The page's side.

  /** Sends a binary frame; its bytes are overwritten afterwards, as a real server may do. */
  sendFromPage(frame: Uint8Array): void {
    if (this.isCut) return;
    const bytes = frame.slice();
    this.handler?.onMessage(bytes);
    bytes.fill(0xee);
  }

  sendTextFromPage(): void {
    this.handler?.onText();
  }

  /** Sends a WebSocket ping; the server's own are counted in `pings`. */
  pingFromPage(): void {
    this.handler?.onPing();
  }

  pongFromPage(): void {
    this.handler?.onPong();
  }

  /** Closes the socket from the page. */
  closeFromPage(): void {
    this.end(1005);
  }

  /** The kernel takes `bytes` of the buffer; there must be more. */
  takeBytes(bytes: number): void {
    if (bytes >= this.waiting) throw new Error(`only ${this.waiting} bytes are waiting`);
    this.waiting -= bytes;
  }

  /** The kernel takes everything buffered. */
  takeAll(): void {
    this.isStuck = false;
    this.waiting = 0;
    if (!this.isBackpressured) return;
    this.isBackpressured = false;
    this.handler?.onDrain();
  }

  /** Resolves when `condition` holds after a frame. */
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
    handler?.onClose(this.closedWith);
  }
}
