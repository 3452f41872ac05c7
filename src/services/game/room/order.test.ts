/** The order of a room: what is taken, when it is told, and that a resend is harmless. */
import { expect, test } from 'bun:test';
import { RecordKind } from '../../../../sdk/protocol/record.ts';
import { RefusedReason } from '../../../../sdk/protocol/refused.ts';
import { createGameBench, idOf, type Page, ROOM } from '../../../../test/support/in-process/game-fixture.ts';

test('P29 nothing leaves before it is durable: no echo, no fan-out, no head, no answer to a repeat', async () => {
  const bench = await createGameBench();
  const anna = await bench.join({ seat: 1 });
  const ben = await bench.join({ seat: 2 });
  anna.forget();
  ben.forget();
  const release = bench.log.block();
  anna.send(1);
  ben.ping(9);
  anna.send(1);
  const late = bench.open({ seat: 3 });
  late.hello({ seat: 3 });
  await bench.commit();
  expect(anna.peer.names()).toEqual([]);
  expect(ben.peer.last('heartbeat')).toMatchObject({ seq: 2, token: 9 });
  expect(late.peer.last('welcome').seq).toBe(2);
  expect(late.seqs()).toEqual([1, 2]);
  release();
  await bench.commit();
  for (const page of [anna, ben]) expect(page.moves()).toEqual(['m1']);
  expect(late.moves()).toEqual(['m1']);
});

test('P29 the echo is the broadcast itself: one frame, the very bytes that were stored, for every socket', async () => {
  const bench = await createGameBench();
  const pages = [await bench.join({ seat: 1 }), await bench.join({ seat: 2 }), await bench.join({ seat: 3 })];
  for (const page of pages) page.forget();
  pages[0]!.send(1);
  await bench.commit();
  const stored = bench.log.appends.at(-1)!.records;
  for (const page of pages) {
    expect(page.peer.sent).toHaveLength(1);
    // The same object: nothing was encoded or copied per socket.
    expect(page.peer.sent[0]).toBe(stored);
  }
});

test('P30 messages that come while an append is under way go with the next, in one frame', async () => {
  const bench = await createGameBench();
  const anna = await bench.join({ seat: 1 });
  const ben = await bench.join({ seat: 2 });
  ben.forget();
  const release = bench.log.block();
  anna.send(1);
  anna.send(2);
  ben.send(1, 'b1');
  anna.send(3);
  release();
  await bench.commit();
  expect(bench.log.appends.slice(-2).map(({ prevSeq, lastSeq }) => [prevSeq, lastSeq])).toEqual([
    [2, 4],
    [4, 8],
  ]);
  expect(ben.peer.names()).toEqual(['records', 'records']);
  expect(ben.seqs()).toEqual([3, 4, 5, 6, 7, 8]);
  expect(ben.moves()).toEqual(['m1', 'm2', 'b1', 'm3']);
});

test('P30 what one commit makes durable leaves in one write to each socket, however much it is', async () => {
  const bench = await createGameBench();
  const pages: Page[] = [];
  for (const seat of [1, 2, 3, 4]) pages.push(await bench.join({ seat }));
  // Everybody has sent something: no first messages later.
  for (const page of pages) page.send(1);
  await bench.world.advance(1_000);
  for (let round = 0; round < 5; round++) {
    const appends = bench.log.appends.length;
    for (const page of pages) page.forget();
    const release = bench.log.block();
    for (let seq = 2 + 10 * round; seq < 12 + 10 * round; seq++) for (const page of pages) page.send(seq);
    release();
    await bench.commit();
    // The lone first message, and all that came while it was under way.
    expect(bench.log.appends.slice(appends).map(({ prevSeq, lastSeq }) => lastSeq - prevSeq)).toEqual([
      1, 39,
    ]);
    for (const page of pages) {
      // A frame is one call of the kernel, however long: `frontend.bun.test.ts` counts them.
      expect(page.peer.sent).toHaveLength(2);
      expect(page.peer.sent).toEqual(bench.log.appends.slice(appends).map(({ records }) => records));
    }
    await bench.world.advance(1_000);
  }
});

test('P30 every player sees the same messages with the same seqs', async () => {
  const bench = await createGameBench();
  const pages: Page[] = [];
  for (const seat of [1, 2, 3, 4]) pages.push(await bench.join({ seat }));
  for (let round = 1; round <= 20; round++) {
    for (const page of pages) page.send(round, `${pages.indexOf(page)}.${round}`);
    if (round % 3 === 0) await bench.commit();
  }
  await bench.commit();
  const seen = pages.map((page) =>
    page.records().map(({ seq, body }) => [seq, Buffer.from(body).toString()]),
  );
  expect(seen[0]!.map(([seq]) => seq)).toEqual(Array.from({ length: 86 }, (_, index) => index + 1));
  for (const other of seen.slice(1)) expect(other).toEqual(seen[0]!);
});

test('P33 a client record stands just before the first message of a client', async () => {
  const bench = await createGameBench();
  const anna = await bench.join({ seat: 1, ids: [5] });
  anna.send(1);
  anna.send(2);
  await bench.commit();
  const [open, epoch, client, ...moves] = anna.records();
  expect([open!.kind, epoch!.kind, client!.kind]).toEqual([
    RecordKind.open,
    RecordKind.epoch,
    RecordKind.client,
  ]);
  expect(client).toMatchObject({ seat: 1, client: 1, clientSeq: 0 });
  expect(new Uint8Array(client!.body)).toEqual(idOf(5));
  expect(moves.map(({ client: number, clientSeq }) => [number, clientSeq])).toEqual([
    [1, 1],
    [1, 2],
  ]);
});

test('P35 the server takes exactly the last client seq + 1', async () => {
  const bench = await createGameBench();
  const anna = await bench.join();
  anna.send(2);
  anna.send(1);
  anna.send(3);
  anna.send(2);
  await bench.commit();
  expect(anna.moves()).toEqual(['m1', 'm2']);
});

test('P36 a repeat is dropped without a word, before and after its echo', async () => {
  const bench = await createGameBench();
  const anna = await bench.join();
  const release = bench.log.block();
  anna.send(1);
  anna.send(1, 'other');
  release();
  await bench.commit();
  anna.forget();
  anna.send(1, 'again');
  await bench.commit();
  expect(anna.peer.sent).toHaveLength(0);
  anna.send(2);
  await bench.commit();
  expect(anna.moves()).toEqual(['m2']);
});

test('P37 a jump is answered with the durable next, once for a run of wrong frames', async () => {
  const bench = await createGameBench();
  const anna = await bench.join();
  anna.send(1);
  await bench.commit();
  anna.forget();
  const release = bench.log.block();
  anna.send(2);
  for (const wrong of [5, 6, 7]) anna.send(wrong);
  await bench.commit();
  expect(anna.peer.all('expect')).toEqual([{ client: 0, next: 2 }]);
  // What it asks for is under way already: the repeat does no harm, and 3 is taken.
  for (const again of [2, 3]) anna.send(again);
  anna.send(9);
  await bench.commit();
  expect(anna.peer.all('expect')).toHaveLength(2);
  release();
  await bench.commit();
  expect(anna.moves()).toEqual(['m2', 'm3']);
});

test('P37 what becomes durable while the fence is asked counts: the page is not told an old number', async () => {
  const bench = await createGameBench();
  const anna = await bench.join();
  anna.send(1);
  await bench.commit();
  const release = bench.log.block();
  const { open } = bench.log;
  bench.log.open = async (...asked) => {
    const outcome = await open.apply(bench.log, asked);
    release();
    await anna.peer.until(() => anna.moves().includes('m2'));
    return outcome;
  };
  anna.send(2);
  anna.send(4);
  await bench.commit();
  expect(anna.peer.all('expect')).toEqual([{ client: 0, next: 3 }]);
  expect(anna.peer.names().slice(-2)).toEqual(['records', 'expect']);
});

test('P31 a refusal does not advance: the client seq is still free', async () => {
  const bench = await createGameBench({ bodyBytesMax: 8 });
  const anna = await bench.join();
  anna.send(1);
  anna.send(2, 'far too long');
  anna.send(2, 'chat', { kind: RecordKind.epoch });
  anna.send(2, 'short');
  await bench.commit();
  expect(anna.peer.all('refused')).toEqual([
    { client: 0, clientSeq: 2, reason: RefusedReason.tooLarge },
    { client: 0, clientSeq: 2, reason: RefusedReason.kind },
  ]);
  expect(anna.moves()).toEqual(['m1', 'short']);
});

test('P34 players send finish, pause, resume, move, chat and note; other kinds are refused', async () => {
  const bench = await createGameBench();
  const anna = await bench.join();
  const taken: number[] = [];
  for (let kind = 0; kind < 32; kind++) {
    anna.forget();
    anna.send(taken.length + 1, 'x', { kind });
    if (anna.peer.names().includes('refused')) continue;
    taken.push(kind);
  }
  expect(taken).toEqual([5, 6, 7, 16, 17, 18]);
});

test('P45 observers are told everything and may send nothing', async () => {
  const bench = await createGameBench();
  const anna = await bench.join({ seat: 1 });
  const watcher = await bench.join({ observer: true, ids: [9] });
  anna.send(1);
  watcher.send(1, 'no');
  watcher.signal(1);
  await bench.world.advance(500);
  expect(watcher.peer.last('refused')).toEqual({ client: 0, clientSeq: 1, reason: RefusedReason.observer });
  expect([anna.moves(), watcher.moves()]).toEqual([['m1'], ['m1']]);
  expect(anna.peer.all('signals')).toEqual([]);
});

test('P39 what a gone page left unsent is sent under its old id and its old count', async () => {
  const bench = await createGameBench();
  const before = await bench.join({ ids: [5] });
  before.send(1);
  before.send(2);
  await bench.commit();
  before.peer.leave();
  const after = await bench.join({ ids: [6, 5] });
  expect(after.peer.last('welcome').clients).toEqual([
    { number: 0, lastSeq: 0 },
    { number: 1, lastSeq: 2 },
  ]);
  after.forget();
  for (const seq of [2, 3]) after.send(seq, `old ${seq}`, { client: 1 });
  after.send(1, 'new', { client: 0 });
  await bench.commit();
  expect(after.moves()).toEqual(['old 3', 'new']);
});

test('P16 a client id of another seat is refused, message by message, and takes no place', async () => {
  const bench = await createGameBench();
  const anna = await bench.join({ seat: 1, ids: [5] });
  anna.send(1);
  await bench.commit();
  const ben = await bench.join({ seat: 2, ids: [6, 5] });
  expect(ben.peer.last('welcome').clients[1]).toEqual({ number: 0, lastSeq: 0 });
  ben.send(2, 'stolen', { client: 1 });
  expect(ben.peer.last('refused')).toEqual({ client: 1, clientSeq: 2, reason: RefusedReason.otherSeat });
  ben.send(1, 'own');
  await bench.commit();
  expect(anna.moves()).toEqual(['m1', 'own']);
});

test('P28 a send frame that names a client the hello did not is malformed', async () => {
  const bench = await createGameBench();
  const anna = await bench.join();
  anna.send(1, 'x', { client: 1 });
  expect(anna.closedWith).toBe(4400);
});

test('P28 a send frame cut short is malformed, at every length', async () => {
  const bench = await createGameBench();
  for (const frame of [[0x21], [0x21, 0], [0x21, 0, 1], [0x21, 0, 0, 16], [0x21, 0x80, 0x80]]) {
    const page = await bench.join({ ids: [40 + frame.length] });
    page.peer.say(Uint8Array.from(frame));
    expect(page.closedWith).toBe(4400);
  }
});

test('P32 ms never goes back when the clock does, not even for the next owner', async () => {
  const bench = await createGameBench();
  const anna = await bench.join();
  await bench.world.advance(5_000);
  anna.send(1);
  await bench.commit();
  bench.world.jump(-60_000);
  anna.send(2);
  await bench.commit();
  await bench.crash();
  const again = await bench.join({ ids: [2] });
  again.send(1, 'm3');
  await bench.commit();
  const times = again.records().map((record) => record.ms);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  expect(times.at(-1)).toBeGreaterThanOrEqual(5_000);
});

test('a finish record, once durable, is passed on; the first one counts', async () => {
  const bench = await createGameBench();
  const anna = await bench.join();
  const release = bench.log.block();
  anna.send(1, '', { kind: RecordKind.finish });
  await bench.commit();
  expect(bench.finished).toEqual([]);
  release();
  await bench.commit();
  anna.send(2, '', { kind: RecordKind.finish });
  await bench.commit();
  expect(bench.finished).toEqual([ROOM]);
});
