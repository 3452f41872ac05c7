/** Tests of refused messages: each is dropped once, and the later ones are renumbered or dropped with it. */
import { expect, test } from 'bun:test';
import { RecordKind } from '../protocol/record.ts';
import { refused, RefusedReason } from '../protocol/refused.ts';
import { TestDevice } from '../test/test-device.ts';
import { add, type TestPage, TestSetup } from '../test/test-setup.ts';

/** Sum of the moves in the log. */
const logged = (page: TestPage) => page.session.state()?.by['1'] ?? 0;

test('a refused message is dropped, later ones are renumbered, and none is lost or duplicated', async () => {
  const setup = new TestSetup();
  const page = await setup.open();
  setup.room.intercept = ({ body, clientSeq }, socket) => {
    if (!body.includes('-1')) return false;
    socket.deliver(refused.encode({ client: 0, clientSeq, reason: RefusedReason.tooLarge }));
    return true;
  };
  for (const n of [1, -1, 2, 3, -1, 4]) page.session.send(add(n));
  await setup.time.advance(10_000);
  expect(logged(page)).toBe(10);
  expect(page.session.state()?.seqs).toHaveLength(4);
  expect(page.session.unsent()).toBe(0);
  expect(page.reports.filter((report) => report === 'refused 2')).toHaveLength(2);
});

test('P31 when a full room refuses a message, all later ones are dropped with it, without a new connection', async () => {
  for (const reason of [RefusedReason.roomFull, RefusedReason.tooManyClients]) {
    const setup = new TestSetup();
    const device = new TestDevice();
    const page = await setup.open({ device });
    // Only the first message is refused: those after it are out of order.
    let refusals = 0;
    setup.room.intercept = ({ clientSeq }, socket) => {
      if (refusals++ > 0) return false;
      socket.deliver(refused.encode({ client: 0, clientSeq, reason }));
      return true;
    };
    for (const n of [1, 2, 3, 4]) page.session.send(add(n));
    await setup.time.advance(10_000);
    expect([page.session.unsent(), page.sockets.length, device.rows.size]).toEqual([0, 1, 0]);
    expect(page.reports).toEqual([`refused ${reason}`]);
    page.session.send(add(5));
    await setup.time.advance(100);
    expect(logged(page)).toBe(5);
  }
});

test('P16 P31 an outbox whose id belongs to another seat is dropped at once, and the page’s own one is not affected', async () => {
  const setup = new TestSetup();
  const device = new TestDevice();
  const body = new TextEncoder().encode(JSON.stringify(add(9)));
  const sends = [1, 2, 3].map((clientSeq) => ({ clientSeq, kind: RecordKind.move, body }));
  device.rows.set('ff'.repeat(16), sends);
  setup.room.intercept = ({ client, clientSeq }, socket) => {
    if (!client.startsWith('ff')) return false;
    socket.deliver(refused.encode({ client: 1, clientSeq, reason: RefusedReason.otherSeat }));
    return true;
  };
  const page = await setup.open({ device });
  page.session.send(add(1));
  await setup.time.advance(10_000);
  expect([page.sum, page.session.unsent(), page.sockets.length, device.rows.size]).toEqual([1, 0, 1, 0]);
});

test('a refused last message frees its number without a new connection', async () => {
  const setup = new TestSetup();
  const page = await setup.open();
  setup.room.intercept = ({ body, clientSeq }, socket) => {
    if (!body.includes('-1')) return false;
    socket.deliver(refused.encode({ client: 0, clientSeq, reason: RefusedReason.tooLarge }));
    return true;
  };
  page.session.send(add(-1));
  await setup.time.advance(100);
  page.session.send(add(2));
  await setup.time.advance(100);
  expect(page.sum).toBe(2);
  expect(page.sockets).toHaveLength(1);
});

test('renumbered messages wait for the store for a limited time', async () => {
  const setup = new TestSetup();
  const device = new TestDevice();
  const page = await setup.open({ device });
  setup.room.intercept = ({ body, clientSeq }, socket) => {
    if (!body.includes('-1')) return false;
    socket.deliver(refused.encode({ client: 0, clientSeq, reason: RefusedReason.tooLarge }));
    return true;
  };
  device.saveDelay = new Promise(() => {});
  for (const n of [-1, 2]) page.session.send(add(n));
  await setup.time.advance(1_000);
  expect(page.sockets).toHaveLength(1);
  expect(page.sum).toBe(0);
  await setup.time.advance(2_000);
  expect(page.sum).toBe(2);
});
