/** Tests that every move is sent until it is in the log, and is in the log once (I3). */
import { expect, test } from 'bun:test';
import { hold } from '../protocol/hold.ts';
import { RecordKind } from '../protocol/record.ts';
import { TestDevice } from '../test/test-device.ts';
import { add, type TestPage, TestSetup } from '../test/test-setup.ts';
import { PENDING_MAX } from './outboxes.ts';

/** Sum of seat 1's moves in the log. */
const logged = (page: TestPage) => page.session.state()?.by['1'] ?? 0;
const numbers = (setup: TestSetup) =>
  setup.room.received.map(({ clientSeq, body }) => [clientSeq, body.at(-2)]);

test('resend after ack lost: the echo comes with the resume and the move counts once', async () => {
  const setup = new TestSetup();
  const page = await setup.open();
  setup.room.isMuted = true;
  page.session.send(add(3));
  await setup.time.advance(100);
  expect(page.session.pending()).toEqual([add(3)]);
  setup.room.isMuted = false;
  page.socket.reset();
  await setup.time.advance(1_000);
  expect(page.sum).toBe(3);
  expect(page.session.unsent()).toBe(0);
  expect(setup.room.received).toHaveLength(1);
});

test('resend after ack lost, server restarted in between: the move counts once', async () => {
  const setup = new TestSetup();
  const page = await setup.open();
  setup.room.isMuted = true;
  page.session.send(add(3));
  await setup.time.advance(100);
  setup.room.isMuted = false;
  setup.room.restart(200);
  page.session.send(add(4));
  await setup.time.advance(1_000);
  expect(logged(page)).toBe(7);
  expect(page.session.unsent()).toBe(0);
});

test('moves made while offline are sent in order once there is a connection', async () => {
  const setup = new TestSetup();
  const page = await setup.open();
  setup.online = false;
  page.socket.reset();
  for (const n of [1, 2, 3]) page.session.send(add(n));
  await setup.time.advance(5_000);
  expect(page.session.pending()).toEqual([add(1), add(2), add(3)]);
  setup.online = true;
  page.wake('online');
  await setup.time.advance(200);
  expect(numbers(setup)).toEqual([
    [1, '1'],
    [2, '2'],
    [3, '3'],
  ]);
  expect(logged(page)).toBe(6);
});

test('moves not sent before a reload are taken over by the next page and sent under their old client id', async () => {
  const setup = new TestSetup();
  const device = new TestDevice();
  const before = await setup.open({ device });
  before.session.send(add(1));
  await setup.time.advance(100);
  before.socket.cut();
  for (const n of [2, 3, 4]) before.session.send(add(n));
  await setup.time.advance(10);
  before.leave();
  const after = await setup.open({ device });
  await setup.time.advance(1_000);
  expect(after.sum).toBe(10);
  expect(after.session.unsent()).toBe(0);
  expect(device.rows.size).toBe(0);
  expect(new Set(setup.room.received.map(({ client }) => client)).size).toBe(1);
});

test('a move that had arrived before the reload, unknown to the page, is not sent twice', async () => {
  const setup = new TestSetup();
  const device = new TestDevice();
  const before = await setup.open({ device });
  setup.room.isMuted = true;
  before.session.send(add(5));
  await setup.time.advance(100);
  before.leave();
  setup.room.isMuted = false;
  const after = await setup.open({ device });
  await setup.time.advance(1_000);
  expect(after.sum).toBe(5);
  expect(after.session.unsent()).toBe(0);
  expect(device.rows.size).toBe(0);
});

test('an outbox whose page was still closing is taken over at the second try', async () => {
  const setup = new TestSetup();
  const device = new TestDevice();
  const before = await setup.open({ device });
  before.socket.cut();
  before.session.send(add(2));
  await setup.time.advance(10);
  before.session.close();
  const after = await setup.open({ device });
  expect(after.sum).toBe(0);
  before.leave();
  await setup.time.advance(4_000);
  expect(after.sum).toBe(2);
});

test('an outbox that the store returns after both tries is still sent', async () => {
  const setup = new TestSetup();
  const device = new TestDevice();
  const before = await setup.open({ device });
  before.socket.cut();
  before.session.send(add(2));
  await setup.time.advance(10);
  before.leave();
  const store = Promise.withResolvers<void>();
  device.takeOverDelay = store.promise;
  const after = await setup.open({ device });
  await setup.time.advance(20_000);
  expect(after.sum).toBe(0);
  store.resolve();
  await setup.time.advance(1_000);
  expect(after.sum).toBe(2);
  expect(after.session.unsent()).toBe(0);
});

test('two open tabs of one device never send for each other', async () => {
  const setup = new TestSetup();
  const device = new TestDevice();
  const one = await setup.open({ device });
  one.socket.cut();
  one.session.send(add(1));
  const two = await setup.open({ device });
  await setup.time.advance(500);
  expect(setup.room.received).toEqual([]);
  two.session.send(add(2));
  await setup.time.advance(60_000);
  expect(two.sum).toBe(3);
  expect(one.sum).toBe(3);
});

test('a store that fails does not affect the page while it is open, and is reported once', async () => {
  const setup = new TestSetup();
  const device = new TestDevice();
  device.isBroken = true;
  const page = await setup.open({ device });
  page.session.send(add(1));
  await setup.time.advance(100);
  expect(page.sum).toBe(1);
  page.session.send(add(1));
  await setup.time.advance(100);
  expect(page.sum).toBe(2);
  expect(page.reports).toEqual(['storage Error: the disk is full']);
});

test('P53 no more than the burst is in flight, however long the network stalls', async () => {
  const setup = new TestSetup();
  setup.room.rate = 20;
  setup.room.burst = 60;
  const page = await setup.open();
  setup.room.isMuted = true;
  for (let second = 0; second < 10; second++) {
    for (let n = 0; n < 20; n++) page.session.send(add(-1));
    await setup.time.advance(1_000);
  }
  expect(setup.room.received).toHaveLength(60);
  // The echoes arrive, and the rest follows.
  setup.room.isMuted = false;
  setup.room.broadcast(Buffer.concat(setup.room.log.slice(2)));
  await setup.time.advance(10_000);
  expect([page.sum, page.session.unsent(), page.sockets.length]).toEqual([-200, 0, 1]);
});

test('P53 a page that reconnects with an empty token bucket still sends at its rate', async () => {
  const setup = new TestSetup();
  setup.room.rate = 20;
  setup.room.burst = 1;
  setup.latencyMs = 400;
  const page = await setup.open({}, false);
  await setup.time.advance(5_000);
  for (let n = 0; n < 100; n++) page.session.send(add(1));
  await setup.time.advance(7_000);
  expect(page.sum).toBe(100);
});

test('expect n: what the server dropped is sent again from n', async () => {
  const setup = new TestSetup();
  const page = await setup.open();
  let lost = 0;
  setup.room.intercept = ({ clientSeq }) => clientSeq === 1 && lost++ === 0;
  for (const n of [1, 2, 3]) page.session.send(add(n));
  await setup.time.advance(5_000);
  expect(logged(page)).toBe(6);
  expect(page.session.state()?.seqs).toHaveLength(3);
});

test('expect below the last acknowledged seq: a server restored from an older state gets everything pending', async () => {
  const setup = new TestSetup();
  const page = await setup.open();
  for (const n of [1, 2]) page.session.send(add(n));
  await setup.time.advance(100);
  page.socket.reset();
  setup.room.log.splice(-2);
  setup.room.restart(300);
  for (const client of setup.room.clients.values()) client.lastSeq = 0;
  for (const n of [3, 4]) page.session.send(add(n));
  await setup.time.advance(5_000);
  expect(logged(page)).toBe(7);
  expect(page.session.unsent()).toBe(0);
});

test('renumbered messages are stored before they are sent again, so that a reload does not send them twice', async () => {
  const setup = new TestSetup();
  const device = new TestDevice();
  const page = await setup.open({ device });
  for (const n of [1, 2]) page.session.send(add(n));
  await setup.time.advance(100);
  page.socket.reset();
  setup.room.log.splice(-2);
  setup.room.restart(300);
  for (const client of setup.room.clients.values()) client.lastSeq = 0;
  setup.room.isMuted = true;
  for (const n of [3, 4]) page.session.send(add(n));
  await setup.time.advance(5_000);
  expect([...device.rows.values()].flat().map(({ clientSeq }) => clientSeq)).toEqual([1, 2]);
  page.leave();
  setup.room.isMuted = false;
  const after = await setup.open({ device });
  await setup.time.advance(1_000);
  expect(logged(after)).toBe(7);
});

test('an outbox taken over late that is already in the log is emptied without an echo', async () => {
  const setup = new TestSetup();
  const device = new TestDevice();
  const before = await setup.open({ device });
  before.session.send(add(2));
  await setup.time.advance(100);
  const client = [...setup.room.clients.keys()][0]?.slice(2) ?? '';
  before.session.close();
  // The page closed before it removed the echoed move from the store.
  const body = new TextEncoder().encode(JSON.stringify(add(2)));
  device.rows.set(client, [{ clientSeq: 1, kind: RecordKind.move, body }]);
  const after = await setup.open({ device });
  before.leave();
  await setup.time.advance(6_000);
  expect(device.rows.size).toBe(0);
  expect(after.session.unsent()).toBe(0);
  expect(after.sum).toBe(2);
});

test('a move that the server dropped before a hold is sent again after it, even if no other move follows', async () => {
  const setup = new TestSetup();
  const page = await setup.open();
  let full = true;
  setup.room.intercept = () => full;
  page.session.send(add(1));
  await setup.time.advance(50);
  page.socket.deliver(hold.encode({ on: 1 }));
  await setup.time.advance(50);
  full = false;
  page.socket.deliver(hold.encode({ on: 0 }));
  await setup.time.advance(100);
  expect(page.sum).toBe(1);
});

test('hold: the page has status hold, keeps its moves, and sends all that is not echoed when it is over', async () => {
  const setup = new TestSetup();
  const page = await setup.open();
  let full = true;
  setup.room.intercept = () => full;
  page.session.send(add(1));
  await setup.time.advance(50);
  page.socket.deliver(hold.encode({ on: 1 }));
  await setup.time.advance(50);
  expect(page.session.status()).toBe('hold');
  page.session.send(add(2));
  await setup.time.advance(500);
  expect(setup.room.received).toHaveLength(1);
  full = false;
  page.socket.deliver(hold.encode({ on: 0 }));
  await setup.time.advance(100);
  expect(page.session.status()).toBe('live');
  expect(logged(page)).toBe(3);
  expect(page.sockets).toHaveLength(1);
});

test('sends are pipelined up to the burst and then limited to the rate of the welcome', async () => {
  const setup = new TestSetup();
  setup.room.rate = 10;
  setup.room.burst = 3;
  const page = await setup.open();
  for (let n = 1; n <= 8; n++) page.session.send(add(n));
  await setup.time.advance(20);
  expect(setup.room.received).toHaveLength(3);
  await setup.time.advance(300);
  expect(setup.room.received).toHaveLength(6);
  await setup.time.advance(300);
  expect(logged(page)).toBe(36);
});

test('6 MB message: rejected by the page, and the next one is sent', async () => {
  const setup = new TestSetup();
  const page = await setup.open();
  page.session.sendChat('x'.repeat(6_000_000));
  page.session.send(add(1));
  await setup.time.advance(100);
  expect(page.reports).toEqual(['refused too large']);
  expect(page.sum).toBe(1);
  expect(setup.room.received.map(({ kind }) => kind)).toEqual([RecordKind.move]);
});

test('an offline page accepts PENDING_MAX moves and reports each further one', async () => {
  const setup = new TestSetup();
  const page = await setup.open();
  setup.online = false;
  page.socket.reset();
  for (let n = 0; n <= PENDING_MAX; n++) page.session.send(add(1));
  expect(page.session.unsent()).toBe(PENDING_MAX);
  expect(page.reports.at(-1)).toBe('refused too many unsent');
});
