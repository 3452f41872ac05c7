/** The order of a room: what is accepted, when it is sent, and that a resend is harmless (I1, I2, I3). */
import { expect, test } from 'bun:test';
import { RecordKind } from '../../../../sdk/protocol/record.ts';
import { RefusedReason } from '../../../../sdk/protocol/refused.ts';
import {
  createGameFixture,
  idOf,
  type Page,
  ROOM,
} from '../../../../test/support/in-process/game-fixture.ts';

test('P29 nothing leaves before it is durable: no echo, no fan-out, no head, no reply to a duplicate', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join({ seat: 1 });
  const ben = await fixture.join({ seat: 2 });
  anna.clearReceived();
  ben.clearReceived();
  const release = fixture.log.holdAppends();
  anna.send(1);
  ben.ping(9);
  anna.send(1);
  const late = fixture.open({ seat: 3 });
  late.hello({ seat: 3 });
  await fixture.commit();
  expect(anna.peer.names()).toEqual([]);
  expect(ben.peer.last('heartbeat')).toMatchObject({ seq: 2, token: 9 });
  expect(late.peer.last('welcome').seq).toBe(2);
  expect(late.seqs()).toEqual([1, 2]);
  release();
  await fixture.commit();
  for (const page of [anna, ben]) expect(page.moves()).toEqual(['m1']);
  expect(late.moves()).toEqual(['m1']);
});

test('P29 the echo is the broadcast itself: one frame with the stored bytes for every socket', async () => {
  const fixture = await createGameFixture();
  const pages = [
    await fixture.join({ seat: 1 }),
    await fixture.join({ seat: 2 }),
    await fixture.join({ seat: 3 }),
  ];
  for (const page of pages) page.clearReceived();
  pages[0]!.send(1);
  await fixture.commit();
  const stored = fixture.log.appends.at(-1)!.records;
  for (const page of pages) {
    expect(page.peer.sent).toHaveLength(1);
    // The same object: nothing was encoded or copied per socket.
    expect(page.peer.sent[0]).toBe(stored);
  }
});

test('P30 messages that arrive while an append is in flight go with the next, in one frame', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join({ seat: 1 });
  const ben = await fixture.join({ seat: 2 });
  ben.clearReceived();
  const release = fixture.log.holdAppends();
  anna.send(1);
  anna.send(2);
  ben.send(1, 'b1');
  anna.send(3);
  release();
  await fixture.commit();
  expect(fixture.log.appends.slice(-2).map(({ prevSeq, lastSeq }) => [prevSeq, lastSeq])).toEqual([
    [2, 4],
    [4, 8],
  ]);
  expect(ben.peer.names()).toEqual(['records', 'records']);
  expect(ben.seqs()).toEqual([3, 4, 5, 6, 7, 8]);
  expect(ben.moves()).toEqual(['m1', 'm2', 'b1', 'm3']);
});

test('P30 the records of one append leave in one write to each socket, whatever their number', async () => {
  const fixture = await createGameFixture();
  const pages: Page[] = [];
  for (const seat of [1, 2, 3, 4]) pages.push(await fixture.join({ seat }));
  // Every client sends its first message now, so that no client record follows later.
  for (const page of pages) page.send(1);
  await fixture.world.advance(1_000);
  for (let round = 0; round < 5; round++) {
    const appends = fixture.log.appends.length;
    for (const page of pages) page.clearReceived();
    const release = fixture.log.holdAppends();
    for (let seq = 2 + 10 * round; seq < 12 + 10 * round; seq++) for (const page of pages) page.send(seq);
    release();
    await fixture.commit();
    // The first message alone, then all that arrived while it was in flight.
    expect(fixture.log.appends.slice(appends).map(({ prevSeq, lastSeq }) => lastSeq - prevSeq)).toEqual([
      1, 39,
    ]);
    for (const page of pages) {
      // One frame is one system call, whatever its length: see `frontend.bun.test.ts`.
      expect(page.peer.sent).toHaveLength(2);
      expect(page.peer.sent).toEqual(fixture.log.appends.slice(appends).map(({ records }) => records));
    }
    await fixture.world.advance(1_000);
  }
});

test('P30 every player sees the same messages with the same seqs', async () => {
  const fixture = await createGameFixture();
  const pages: Page[] = [];
  for (const seat of [1, 2, 3, 4]) pages.push(await fixture.join({ seat }));
  for (let round = 1; round <= 20; round++) {
    for (const page of pages) page.send(round, `${pages.indexOf(page)}.${round}`);
    if (round % 3 === 0) await fixture.commit();
  }
  await fixture.commit();
  const seen = pages.map((page) =>
    page.records().map(({ seq, body }) => [seq, Buffer.from(body).toString()]),
  );
  expect(seen[0]!.map(([seq]) => seq)).toEqual(Array.from({ length: 86 }, (_, index) => index + 1));
  for (const other of seen.slice(1)) expect(other).toEqual(seen[0]!);
});

test('P33 a client record comes just before the first message of a client', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join({ seat: 1, ids: [5] });
  anna.send(1);
  anna.send(2);
  await fixture.commit();
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

test('P35 the server accepts exactly the last client seq + 1', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join();
  anna.send(2);
  anna.send(1);
  anna.send(3);
  anna.send(2);
  await fixture.commit();
  expect(anna.moves()).toEqual(['m1', 'm2']);
});

test('P36 a duplicate is ignored without a reply, before and after its echo', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join();
  const release = fixture.log.holdAppends();
  anna.send(1);
  anna.send(1, 'other');
  release();
  await fixture.commit();
  anna.clearReceived();
  anna.send(1, 'again');
  await fixture.commit();
  expect(anna.peer.sent).toHaveLength(0);
  anna.send(2);
  await fixture.commit();
  expect(anna.moves()).toEqual(['m2']);
});

test('P37 a message out of order gets expect with the durable next, once for a run of them', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join();
  anna.send(1);
  await fixture.commit();
  anna.clearReceived();
  const release = fixture.log.holdAppends();
  anna.send(2);
  for (const wrong of [5, 6, 7]) anna.send(wrong);
  await fixture.commit();
  expect(anna.peer.all('expect')).toEqual([{ client: 0, next: 2 }]);
  // Message 2 is in flight already: the duplicate is harmless, and 3 is accepted.
  for (const again of [2, 3]) anna.send(again);
  anna.send(9);
  await fixture.commit();
  expect(anna.peer.all('expect')).toHaveLength(2);
  release();
  await fixture.commit();
  expect(anna.moves()).toEqual(['m2', 'm3']);
});

test('P37 what becomes durable while the fence is read counts: expect does not have an old number', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join();
  anna.send(1);
  await fixture.commit();
  const release = fixture.log.holdAppends();
  const { open } = fixture.log;
  fixture.log.open = async (...args) => {
    const outcome = await open.apply(fixture.log, args);
    release();
    await anna.peer.until(() => anna.moves().includes('m2'));
    return outcome;
  };
  anna.send(2);
  anna.send(4);
  await fixture.commit();
  expect(anna.peer.all('expect')).toEqual([{ client: 0, next: 3 }]);
  expect(anna.peer.names().slice(-2)).toEqual(['records', 'expect']);
});

test('P31 a refusal does not advance the client seq: it can be used again', async () => {
  const fixture = await createGameFixture({ bodyBytesMax: 8 });
  const anna = await fixture.join();
  anna.send(1);
  anna.send(2, 'far too long');
  anna.send(2, 'chat', { kind: RecordKind.epoch });
  anna.send(2, 'short');
  await fixture.commit();
  expect(anna.peer.all('refused')).toEqual([
    { client: 0, clientSeq: 2, reason: RefusedReason.tooLarge },
    { client: 0, clientSeq: 2, reason: RefusedReason.kind },
  ]);
  expect(anna.moves()).toEqual(['m1', 'short']);
});

test('P34 players send finish, pause, resume, move, chat and note; other kinds are refused', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join();
  const accepted: number[] = [];
  for (let kind = 0; kind < 32; kind++) {
    anna.clearReceived();
    anna.send(accepted.length + 1, 'x', { kind });
    if (anna.peer.names().includes('refused')) continue;
    accepted.push(kind);
  }
  expect(accepted).toEqual([5, 6, 7, 16, 17, 18]);
});

test('P45 observers get everything and may send nothing', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join({ seat: 1 });
  const observer = await fixture.join({ observer: true, ids: [9] });
  anna.send(1);
  observer.send(1, 'no');
  observer.signal(1);
  await fixture.world.advance(500);
  expect(observer.peer.last('refused')).toEqual({ client: 0, clientSeq: 1, reason: RefusedReason.observer });
  expect([anna.moves(), observer.moves()]).toEqual([['m1'], ['m1']]);
  expect(anna.peer.all('signals')).toEqual([]);
});

test('P39 unsent messages of a closed page are sent under its client id and client seqs', async () => {
  const fixture = await createGameFixture();
  const before = await fixture.join({ ids: [5] });
  before.send(1);
  before.send(2);
  await fixture.commit();
  before.peer.closeFromPage();
  const after = await fixture.join({ ids: [6, 5] });
  expect(after.peer.last('welcome').clients).toEqual([
    { number: 0, lastSeq: 0 },
    { number: 1, lastSeq: 2 },
  ]);
  after.clearReceived();
  for (const seq of [2, 3]) after.send(seq, `old ${seq}`, { client: 1 });
  after.send(1, 'new', { client: 0 });
  await fixture.commit();
  expect(after.moves()).toEqual(['old 3', 'new']);
});

test('P16 messages under a client id of another seat are refused one by one, and its own id still works', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join({ seat: 1, ids: [5] });
  anna.send(1);
  await fixture.commit();
  const ben = await fixture.join({ seat: 2, ids: [6, 5] });
  expect(ben.peer.last('welcome').clients[1]).toEqual({ number: 0, lastSeq: 0 });
  ben.send(2, 'stolen', { client: 1 });
  expect(ben.peer.last('refused')).toEqual({ client: 1, clientSeq: 2, reason: RefusedReason.otherSeat });
  ben.send(1, 'own');
  await fixture.commit();
  expect(anna.moves()).toEqual(['m1', 'own']);
});

test('P28 a send frame with a client that the hello did not name is malformed', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join();
  anna.send(1, 'x', { client: 1 });
  expect(anna.closedWith).toBe(4400);
});

test('P28 a send frame cut short is malformed, at every length', async () => {
  const fixture = await createGameFixture();
  for (const frame of [[0x21], [0x21, 0], [0x21, 0, 1], [0x21, 0, 0, 16], [0x21, 0x80, 0x80]]) {
    const page = await fixture.join({ ids: [40 + frame.length] });
    page.peer.sendFromPage(Uint8Array.from(frame));
    expect(page.closedWith).toBe(4400);
  }
});

test('P32 ms never goes back when the clock does, not even for the next owner', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join();
  await fixture.world.advance(5_000);
  anna.send(1);
  await fixture.commit();
  fixture.world.jump(-60_000);
  anna.send(2);
  await fixture.commit();
  await fixture.crash();
  const again = await fixture.join({ ids: [2] });
  again.send(1, 'm3');
  await fixture.commit();
  const times = again.records().map((record) => record.ms);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  expect(times.at(-1)).toBeGreaterThanOrEqual(5_000);
});

test('the first finish record is reported once it is durable; later ones are not', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join();
  const release = fixture.log.holdAppends();
  anna.send(1, '', { kind: RecordKind.finish });
  await fixture.commit();
  expect(fixture.finished).toEqual([]);
  release();
  await fixture.commit();
  anna.send(2, '', { kind: RecordKind.finish });
  await fixture.commit();
  expect(fixture.finished).toEqual([ROOM]);
});
