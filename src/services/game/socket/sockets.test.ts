/** Front end, room server and journal together, over real sockets and a real disk. */
import { afterEach, expect, setDefaultTimeout, test } from 'bun:test';
import { RecordKind } from '../../../../sdk/protocol/record.ts';
import { encodeSend } from '../../../../sdk/protocol/send.ts';
import { decodeDown, type DownFrames } from '../../../../test/support/clients/down-frames.ts';
import { maskedFrame, Opcode, type RawSocket } from '../../../../test/support/clients/raw-socket.ts';
import {
  startRealGame,
  type HelloOptions,
  type RealGame,
} from '../../../../test/support/in-process/real-game.ts';

// Writing megabytes to a real disk can take long on a busy machine.
setDefaultTimeout(60_000);

const ROOM = 'a'.repeat(20);
let real: RealGame;

afterEach(() => real.stop());

/** A page over a real socket: records what it received, and can wait for more. */
class RealPage {
  seqs: number[] = [];
  moves: string[] = [];
  welcome: DownFrames['welcome'] | null = null;
  socket!: RawSocket;
  private isLive = false;
  private waiting: (() => void)[] = [];

  async connect(options: HelloOptions, neverReads = false): Promise<void> {
    this.socket = await real.open(ROOM, { neverReads, onFrame: (frame) => this.take(frame) });
    this.socket.sendBinary(real.hello(ROOM, options));
  }

  async join(options: HelloOptions): Promise<this> {
    await this.connect(options);
    await this.until(() => this.seqs.length > 0 && this.isLive);
    return this;
  }

  send(clientSeq: number, text: string): void {
    const body = new Uint8Array(Buffer.from(text));
    this.socket.sendBinary(encodeSend({ client: 0, clientSeq, kind: RecordKind.move, body }));
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  private take(frame: Uint8Array): void {
    const down = decodeDown(frame);
    if (down.name === 'welcome') this.welcome = down.values;
    if (down.name === 'live') this.isLive = true;
    if (down.name === 'records' || down.name === 'chunk') {
      for (const { seq, kind, body } of down.values.records) {
        this.seqs.push(seq);
        if (kind === RecordKind.move) this.moves.push(Buffer.from(body).toString());
      }
    }
    for (const wake of this.waiting.splice(0)) wake();
  }
}

test('P30 four players send at once over real sockets: all see the same, in the same order', async () => {
  real = await startRealGame({ messageBurst: 300 });
  real.addRoom(ROOM);
  const pages: RealPage[] = [];
  for (const seat of [1, 2, 3, 4]) pages.push(await new RealPage().join({ seat }));
  for (let seq = 1; seq <= 200; seq++) {
    for (const [index, page] of pages.entries()) page.send(seq, `${index}:${seq}`);
  }
  for (const page of pages) await page.until(() => page.moves.length === 800);
  expect(pages[0]!.seqs).toEqual(pages[0]!.seqs.map((_, index) => index + 1));
  for (const page of pages) {
    expect(page.moves).toEqual(pages[0]!.moves);
    expect(page.seqs).toEqual(pages[0]!.seqs);
  }
  for (const index of pages.keys()) {
    const own = pages[0]!.moves.filter((move) => move.startsWith(`${index}:`));
    expect(own).toEqual(Array.from({ length: 200 }, (_, sent) => `${index}:${sent + 1}`));
  }
  expect(real.failures).toEqual([]);
});

test('P26 P38 P60 the server restarts: sockets close with 4000, positions and client seqs stay valid', async () => {
  real = await startRealGame();
  real.addRoom(ROOM);
  const before = await new RealPage().join({ seat: 1 });
  for (let seq = 1; seq <= 10; seq++) before.send(seq, `m${seq}`);
  await before.until(() => before.moves.length === 10);
  await real.store.sweep(real.log, ROOM, { perChunk: 5 });
  before.send(11, 'm11');
  await before.until(() => before.moves.length === 11);
  await real.restart();
  expect(await before.socket.closed).toBe(4000);
  const { epoch } = before.welcome!;
  const seq = before.seqs.at(-1)!;
  const after = await new RealPage().join({ seat: 1, epoch, seq });
  expect(after.welcome).toMatchObject({ resumed: 1, clients: [{ number: 1, lastSeq: 11 }] });
  expect(after.seqs).toEqual([seq + 1]);
  after.send(11, 'again');
  after.send(12, 'm12');
  await after.until(() => after.moves.length === 1);
  const fresh = await new RealPage().join({ seat: 2 });
  expect(fresh.moves).toEqual(Array.from({ length: 12 }, (_, index) => `m${index + 1}`));
});

test('P23 P54 a page that reads slowly is replayed megabytes and is not cut off', async () => {
  real = await startRealGame({ messageRate: 4_000, messageBurst: 4_000 });
  real.addRoom(ROOM);
  const writer = await new RealPage().join({ seat: 1 });
  for (let seq = 1; seq <= 2_000; seq++) {
    writer.send(seq, `${seq}`.padEnd(4_000));
    if (seq % 20 === 0) await writer.until(() => writer.moves.length === seq);
  }
  const slow = new RealPage();
  await slow.connect({ seat: 2 }, true);
  // The kernel's buffers are far smaller than 8 MB: the replay has to wait for the reader.
  writer.send(2_001, 'live');
  await writer.until(() => writer.moves.length === 2_001);
  slow.socket.read();
  await slow.until(() => slow.moves.length === 2_001);
  expect(slow.seqs).toEqual(slow.seqs.map((_, index) => index + 1));
  expect(slow.moves.at(-1)).toBe('live');
});

test('P53 a flood of pings closes its own socket, before the hello and after it, and the others play on', async () => {
  real = await startRealGame();
  real.addRoom(ROOM);
  const anna = await new RealPage().join({ seat: 1 });
  const flood = Buffer.concat(
    Array.from({ length: 20_000 }, () => maskedFrame(Opcode.ping, Buffer.from('?'))),
  );
  const early = await real.open(ROOM, {});
  early.sendRaw(flood);
  expect(await early.closed).toBe(4002);
  const ben = await new RealPage().join({ seat: 2 });
  ben.socket.sendRaw(flood);
  expect(await ben.socket.closed).toBe(4002);
  anna.send(1, 'after');
  await anna.until(() => anna.moves.length === 1);
  expect(real.failures).toEqual([]);
});

test('P51 6 MB message: its sender is closed with 1009, what it sent before is kept, the others play on', async () => {
  real = await startRealGame();
  real.addRoom(ROOM);
  const anna = await new RealPage().join({ seat: 1 });
  const ben = await new RealPage().join({ seat: 2 });
  ben.send(1, 'before');
  await anna.until(() => anna.moves.length === 1);
  ben.socket.sendBinary(new Uint8Array(6_000_000));
  expect(await ben.socket.closed).toBe(1009);
  anna.send(1, 'after');
  await anna.until(() => anna.moves.length === 2);
  expect(anna.moves).toEqual(['before', 'after']);
  expect(real.failures).toEqual([]);
});
