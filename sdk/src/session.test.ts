/** Tests of a session while the network works. */
import { expect, test } from 'bun:test';
import { presence } from '../protocol/presence.ts';
import { RecordKind } from '../protocol/record.ts';
import { signal } from '../protocol/signal.ts';
import { signals } from '../protocol/signals.ts';
import { add, TestSetup } from '../test/test-setup.ts';
import { stateHash } from './canonical.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

test('a page joins with a ticket, replays, and is live', async () => {
  const setup = new TestSetup();
  setup.room.append(RecordKind.move, 2, 9, 1, JSON.stringify(add(3)));
  const page = await setup.open({}, false);
  expect(page.session.status()).toBe('connecting');
  expect(page.session.state()).toBeNull();
  await setup.time.advance(200);
  expect(page.session.status()).toBe('live');
  expect(page.sum).toBe(3);
  expect(page.joins).toBe(1);
  expect(setup.room.hellos[0]).toMatchObject({ credential: 'ticket:1', epoch: 0, seq: 0 });
  expect(page.session.position()).toEqual({ epoch: 100, seq: 3 });
});

test('the state changes on the echo only; until then the move is pending', async () => {
  const setup = new TestSetup();
  const page = await setup.open();
  page.session.send(add(4));
  expect(page.sum).toBe(0);
  expect(page.session.pending()).toEqual([add(4)]);
  expect(page.session.unsent()).toBe(1);
  await setup.time.advance(100);
  expect(page.sum).toBe(4);
  expect(page.session.pending()).toEqual([]);
  expect(page.session.unsent()).toBe(0);
});

test('all pages of a room reach the same state, including random numbers', async () => {
  const setup = new TestSetup();
  const one = await setup.open({ seat: 1 });
  const two = await setup.open({ seat: 2 });
  one.session.send({ type: 'roll' });
  two.session.send(add(2));
  two.session.send({ type: 'roll' });
  await setup.time.advance(100);
  const late = await setup.open({ seat: 3 });
  expect(two.session.state()).toEqual(one.session.state());
  expect(stateHash(late.session.state())).toBe(stateHash(one.session.state()));
  expect(one.session.state()?.chances).toHaveLength(4);
});

test('a move that the rules throw on is skipped by every page and reported once with its seq', async () => {
  const setup = new TestSetup();
  const one = await setup.open({ seat: 1 });
  const two = await setup.open({ seat: 2 });
  one.session.send({ type: 'throw' });
  one.session.send(add(1));
  await setup.time.advance(100);
  for (const page of [one, two]) {
    expect(page.sum).toBe(1);
    expect(page.reports).toEqual(['rules 4 threw Error: thrown on purpose']);
  }
});

test('chat and notes reach all pages; an empty note removes the line; erased bodies are not shown', async () => {
  const setup = new TestSetup();
  const one = await setup.open({ seat: 1 });
  const two = await setup.open({ seat: 2 });
  one.session.sendChat('  hello ');
  one.session.sendChat('   ');
  one.session.sendNote('a', 'code 42');
  two.session.sendNote('b', 'look left');
  await setup.time.advance(100);
  setup.room.append(RecordKind.chat, 1, 1, 9, '');
  setup.room.append(RecordKind.note, 1, 1, 10, '');
  one.session.sendNote('b', '');
  await setup.time.advance(100);
  expect(two.session.chat().map(({ seat, text }) => [seat, text])).toEqual([[1, 'hello']]);
  expect(two.session.notes()).toEqual([{ id: 'a', seat: 1, text: 'code 42' }]);
});

test('a page sends its signal at most every 50 ms, and the last value wins', async () => {
  const setup = new TestSetup();
  const page = await setup.open();
  const sent = () =>
    page.socket.sent.filter((frame) => frame[0] === signal.type).map((frame) => signal.decode(frame)?.value);
  for (let x = 1; x <= 5; x++) page.session.signal({ x });
  expect(sent()).toEqual([bytes('{"x":1}')]);
  await setup.time.advance(49);
  expect(sent()).toHaveLength(1);
  await setup.time.advance(1);
  expect(sent()).toEqual([bytes('{"x":1}'), bytes('{"x":5}')]);
  page.session.signal('x'.repeat(63));
  expect(page.reports).toContain('refused signal too large');
});

test('the others’ signals are kept by seat, removed when empty, and removed when the connection ends', async () => {
  const setup = new TestSetup();
  const page = await setup.open();
  let notified = 0;
  page.session.onSignals(() => notified++);
  const changed = [
    { seat: 1, value: bytes('"mine"') },
    { seat: 2, value: bytes('[1,2]') },
    { seat: 3, value: bytes('7') },
    { seat: 4, value: bytes('{broken') },
  ];
  page.socket.deliver(signals.encode({ changed }));
  await setup.time.advance(20);
  expect([...page.session.signals()]).toEqual([
    [2, [1, 2]],
    [3, 7],
  ]);
  page.socket.deliver(signals.encode({ changed: [{ seat: 3, value: bytes('') }] }));
  await setup.time.advance(20);
  expect([...page.session.signals().keys()]).toEqual([2]);
  expect(notified).toBe(2);
  page.socket.reset();
  expect(page.session.signals().size).toBe(0);
});

test('presence lists the players and the number of observers', async () => {
  const setup = new TestSetup();
  const page = await setup.open();
  const seats = [{ seat: 1, name: 'Ada', colour: '#aa0000', online: 1 }];
  page.socket.deliver(presence.encode({ seats, observers: 2 }));
  await setup.time.advance(20);
  expect(page.session.players()).toEqual([{ seat: 1, name: 'Ada', colour: '#aa0000', online: true }]);
  expect(page.session.observers()).toBe(2);
});

test('an observer receives and sends nothing', async () => {
  const setup = new TestSetup();
  setup.room.role = 1;
  const page = await setup.open();
  expect(page.session.observer()).toBe(true);
  page.session.send(add(1));
  page.session.signal(1);
  await setup.time.advance(1_000);
  expect(setup.room.received).toEqual([]);
  expect(page.session.unsent()).toBe(0);
  expect(page.reports).toEqual(['refused observer']);
});

test('listeners are called once after several changes, and not after they are removed', async () => {
  const setup = new TestSetup();
  const page = await setup.open();
  const calls: number[] = [];
  const stop = page.session.onChange(() => calls.push(page.session.unsent()));
  page.session.send(add(1));
  page.session.send(add(1));
  expect(calls).toEqual([]);
  await Promise.resolve();
  await Promise.resolve();
  expect(calls).toEqual([2]);
  stop();
  page.session.send(add(1));
  await setup.time.advance(100);
  expect(calls).toEqual([2]);
});

test('the room clock advances between readings and is not set back by a late one', async () => {
  const setup = new TestSetup();
  const page = await setup.open();
  const before = page.session.roomMs();
  await setup.time.advance(500);
  expect(page.session.roomMs()).toBe(before + 500);
  setup.latencyMs = 10;
  setup.room.sendHeartbeat(page.socket);
  await setup.time.advance(10);
  expect(page.session.roomMs()).toBe(before + 510);
});

test('solved puzzles, the end and the duration are recorded, and one page sends finish', async () => {
  const setup = new TestSetup();
  const one = await setup.open({ seat: 1 });
  const two = await setup.open({ seat: 2 });
  one.session.send(add(1));
  await setup.time.advance(5_000);
  one.session.send(add(9));
  await setup.time.advance(3_000);
  two.session.send(add(10));
  await setup.time.advance(5_000);
  expect(two.session.solved().map(({ id, seat }) => [id, seat])).toEqual([
    ['ten', 1],
    ['twenty', 2],
  ]);
  expect(one.session.durationMs()).toBe(8_000);
  expect(one.session.finishedAtMs()).toBe(two.session.solved()[1]?.ms ?? -1);
  expect(setup.room.received.filter(({ kind }) => kind === RecordKind.finish)).toHaveLength(1);
});

test('a page that finds the game done without a finish record sends finish; with one it does not', async () => {
  const setup = new TestSetup();
  setup.room.append(RecordKind.move, 2, 9, 1, JSON.stringify(add(20)));
  const page = await setup.open();
  await setup.time.advance(3_000);
  expect(setup.room.received.map(({ kind }) => kind)).toEqual([RecordKind.finish]);
  page.leave();
  await setup.open();
  await setup.time.advance(3_000);
  expect(setup.room.received).toHaveLength(1);
});

test('a closed session leaves no timer and no open socket behind', async () => {
  const setup = new TestSetup();
  const page = await setup.open();
  page.session.send(add(1));
  page.session.signal(1);
  page.session.close();
  await setup.time.advance(100);
  expect(page.socket.isLeft).toBe(true);
  expect(setup.time.timers).toBe(0);
  expect(page.session.status()).toBe('stopped');
});
