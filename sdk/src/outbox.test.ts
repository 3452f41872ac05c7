/** Every move is sent until it is in the log, and is in the log once. */
import { expect, test } from 'bun:test';
import { hold } from '../protocol/hold.ts';
import { RecordKind } from '../protocol/record.ts';
import { Device } from '../test/device.ts';
import { add, type Page, Scene } from '../test/scene.ts';
import { PENDING_MAX } from './outboxes.ts';

/** Numbers of the moves in the log, in its order. */
const logged = (page: Page) => page.session.state()?.by['1'] ?? 0;
const numbers = (scene: Scene) => scene.room.received.map(({ clientSeq, body }) => [clientSeq, body.at(-2)]);

test('resend after ack lost: the echo comes with the resume and the move counts once', async () => {
  const scene = new Scene();
  const page = await scene.open();
  scene.room.mute = true;
  page.session.send(add(3));
  await scene.time.advance(100);
  expect(page.session.pending()).toEqual([add(3)]);
  scene.room.mute = false;
  page.socket.reset();
  await scene.time.advance(1_000);
  expect(page.sum).toBe(3);
  expect(page.session.unsent()).toBe(0);
  expect(scene.room.received).toHaveLength(1);
});

test('resend after ack lost, server restarted in between: the move counts once', async () => {
  const scene = new Scene();
  const page = await scene.open();
  scene.room.mute = true;
  page.session.send(add(3));
  await scene.time.advance(100);
  scene.room.mute = false;
  scene.room.restart(200);
  page.session.send(add(4));
  await scene.time.advance(1_000);
  expect(logged(page)).toBe(7);
  expect(page.session.unsent()).toBe(0);
});

test('moves made while offline are sent in order once there is a connection', async () => {
  const scene = new Scene();
  const page = await scene.open();
  scene.online = false;
  page.socket.reset();
  for (const n of [1, 2, 3]) page.session.send(add(n));
  await scene.time.advance(5_000);
  expect(page.session.pending()).toEqual([add(1), add(2), add(3)]);
  scene.online = true;
  page.wake('online');
  await scene.time.advance(200);
  expect(numbers(scene)).toEqual([
    [1, '1'],
    [2, '2'],
    [3, '3'],
  ]);
  expect(logged(page)).toBe(6);
});

test('moves unsent at a reload are taken over by the next page and sent under their old id', async () => {
  const scene = new Scene();
  const device = new Device();
  const before = await scene.open({ device });
  before.session.send(add(1));
  await scene.time.advance(100);
  before.socket.cut();
  for (const n of [2, 3, 4]) before.session.send(add(n));
  await scene.time.advance(10);
  before.leave();
  const after = await scene.open({ device });
  await scene.time.advance(1_000);
  expect(after.sum).toBe(10);
  expect(after.session.unsent()).toBe(0);
  expect(device.rows.size).toBe(0);
  expect(new Set(scene.room.received.map(({ client }) => client)).size).toBe(1);
});

test('a move that had arrived before the reload, unknown to the page, is not sent twice', async () => {
  const scene = new Scene();
  const device = new Device();
  const before = await scene.open({ device });
  scene.room.mute = true;
  before.session.send(add(5));
  await scene.time.advance(100);
  before.leave();
  scene.room.mute = false;
  const after = await scene.open({ device });
  await scene.time.advance(1_000);
  expect(after.sum).toBe(5);
  expect(after.session.unsent()).toBe(0);
  expect(device.rows.size).toBe(0);
});

test('an outbox whose page was still closing is taken over a little later', async () => {
  const scene = new Scene();
  const device = new Device();
  const before = await scene.open({ device });
  before.socket.cut();
  before.session.send(add(2));
  await scene.time.advance(10);
  before.session.close();
  const after = await scene.open({ device });
  expect(after.sum).toBe(0);
  before.leave();
  await scene.time.advance(4_000);
  expect(after.sum).toBe(2);
});

test('an outbox that the store gives late, after every look for it, is sent all the same', async () => {
  const scene = new Scene();
  const device = new Device();
  const before = await scene.open({ device });
  before.socket.cut();
  before.session.send(add(2));
  await scene.time.advance(10);
  before.leave();
  const store = Promise.withResolvers<void>();
  device.slowToAdopt = store.promise;
  const after = await scene.open({ device });
  await scene.time.advance(20_000);
  expect(after.sum).toBe(0);
  store.resolve();
  await scene.time.advance(1_000);
  expect(after.sum).toBe(2);
  expect(after.session.unsent()).toBe(0);
});

test('two tabs of one device never send for one another while both live', async () => {
  const scene = new Scene();
  const device = new Device();
  const one = await scene.open({ device });
  one.socket.cut();
  one.session.send(add(1));
  const two = await scene.open({ device });
  await scene.time.advance(500);
  expect(scene.room.received).toEqual([]);
  two.session.send(add(2));
  await scene.time.advance(60_000);
  expect(two.sum).toBe(3);
  expect(one.sum).toBe(3);
});

test('a store that fails costs nothing while the page lives, and is reported once', async () => {
  const scene = new Scene();
  const device = new Device();
  device.broken = true;
  const page = await scene.open({ device });
  page.session.send(add(1));
  await scene.time.advance(100);
  expect(page.sum).toBe(1);
  page.session.send(add(1));
  await scene.time.advance(100);
  expect(page.sum).toBe(2);
  expect(page.reports).toEqual(['storage Error: the disk is full']);
});

test('P53 no more is under way than the server takes at once, however long the network stands still', async () => {
  const scene = new Scene();
  scene.room.rate = 20;
  scene.room.burst = 60;
  const page = await scene.open();
  scene.room.mute = true;
  for (let second = 0; second < 10; second++) {
    for (let n = 0; n < 20; n++) page.session.send(add(-1));
    await scene.time.advance(1_000);
  }
  expect(scene.room.received).toHaveLength(60);
  // What arrived is told at last, and the rest follows as it is echoed.
  scene.room.mute = false;
  scene.room.broadcast(Buffer.concat(scene.room.log.slice(2)));
  await scene.time.advance(10_000);
  expect([page.sum, page.session.unsent(), page.sockets.length]).toEqual([-200, 0, 1]);
});

test('P53 who comes back with its allowance used up still sends at its rate', async () => {
  const scene = new Scene();
  scene.room.rate = 20;
  scene.room.burst = 1;
  scene.latencyMs = 400;
  const page = await scene.open({}, false);
  await scene.time.advance(5_000);
  for (let n = 0; n < 100; n++) page.session.send(add(1));
  await scene.time.advance(7_000);
  expect(page.sum).toBe(100);
});

test('expect n: what the server let go is sent again from n', async () => {
  const scene = new Scene();
  const page = await scene.open();
  let lost = 0;
  scene.room.intercept = ({ clientSeq }) => clientSeq === 1 && lost++ === 0;
  for (const n of [1, 2, 3]) page.session.send(add(n));
  await scene.time.advance(5_000);
  expect(logged(page)).toBe(6);
  expect(page.session.state()?.seqs).toHaveLength(3);
});

test('expect below what was acknowledged: a server restored from an older state gets all that is pending', async () => {
  const scene = new Scene();
  const page = await scene.open();
  for (const n of [1, 2]) page.session.send(add(n));
  await scene.time.advance(100);
  page.socket.reset();
  scene.room.log.splice(-2);
  scene.room.restart(300);
  for (const client of scene.room.clients.values()) client.lastSeq = 0;
  for (const n of [3, 4]) page.session.send(add(n));
  await scene.time.advance(5_000);
  expect(logged(page)).toBe(7);
  expect(page.session.unsent()).toBe(0);
});

test('renumbered messages are stored before they are sent again, so that a reload does not double them', async () => {
  const scene = new Scene();
  const device = new Device();
  const page = await scene.open({ device });
  for (const n of [1, 2]) page.session.send(add(n));
  await scene.time.advance(100);
  page.socket.reset();
  scene.room.log.splice(-2);
  scene.room.restart(300);
  for (const client of scene.room.clients.values()) client.lastSeq = 0;
  scene.room.mute = true;
  for (const n of [3, 4]) page.session.send(add(n));
  await scene.time.advance(5_000);
  expect([...device.rows.values()].flat().map(({ clientSeq }) => clientSeq)).toEqual([1, 2]);
  page.leave();
  scene.room.mute = false;
  const after = await scene.open({ device });
  await scene.time.advance(1_000);
  expect(logged(after)).toBe(7);
});

test('an outbox taken over late, all of it in the log already, is emptied without an echo', async () => {
  const scene = new Scene();
  const device = new Device();
  const before = await scene.open({ device });
  before.session.send(add(2));
  await scene.time.advance(100);
  const client = [...scene.room.clients.keys()][0]?.slice(2) ?? '';
  before.session.close();
  // The page went before it could take the echoed move out of the store.
  const body = new TextEncoder().encode(JSON.stringify(add(2)));
  device.rows.set(client, [{ clientSeq: 1, kind: RecordKind.move, body }]);
  const after = await scene.open({ device });
  before.leave();
  await scene.time.advance(6_000);
  expect(device.rows.size).toBe(0);
  expect(after.session.unsent()).toBe(0);
  expect(after.sum).toBe(2);
});

test('a move that the server let fall before the hold goes out again after it, though nothing follows it', async () => {
  const scene = new Scene();
  const page = await scene.open();
  let full = true;
  scene.room.intercept = () => full;
  page.session.send(add(1));
  await scene.time.advance(50);
  page.socket.deliver(hold.encode({ on: 1 }));
  await scene.time.advance(50);
  full = false;
  page.socket.deliver(hold.encode({ on: 0 }));
  await scene.time.advance(100);
  expect(page.sum).toBe(1);
});

test('hold: the page says so, keeps its moves, and sends all that is not echoed when it is over', async () => {
  const scene = new Scene();
  const page = await scene.open();
  let full = true;
  scene.room.intercept = () => full;
  page.session.send(add(1));
  await scene.time.advance(50);
  page.socket.deliver(hold.encode({ on: 1 }));
  await scene.time.advance(50);
  expect(page.session.status()).toBe('hold');
  page.session.send(add(2));
  await scene.time.advance(500);
  expect(scene.room.received).toHaveLength(1);
  full = false;
  page.socket.deliver(hold.encode({ on: 0 }));
  await scene.time.advance(100);
  expect(page.session.status()).toBe('live');
  expect(logged(page)).toBe(3);
  expect(page.sockets).toHaveLength(1);
});

test('sends are pipelined up to the burst and then paced at the rate the welcome names', async () => {
  const scene = new Scene();
  scene.room.rate = 10;
  scene.room.burst = 3;
  const page = await scene.open();
  for (let n = 1; n <= 8; n++) page.session.send(add(n));
  await scene.time.advance(20);
  expect(scene.room.received).toHaveLength(3);
  await scene.time.advance(300);
  expect(scene.room.received).toHaveLength(6);
  await scene.time.advance(300);
  expect(logged(page)).toBe(36);
});

test('6 MB message: refused on the page, and the next one goes through', async () => {
  const scene = new Scene();
  const page = await scene.open();
  page.session.sendChat('x'.repeat(6_000_000));
  page.session.send(add(1));
  await scene.time.advance(100);
  expect(page.reports).toEqual(['refused too large']);
  expect(page.sum).toBe(1);
  expect(scene.room.received.map(({ kind }) => kind)).toEqual([RecordKind.move]);
});

test('a page that is cut off takes so many moves and no more, and says so', async () => {
  const scene = new Scene();
  const page = await scene.open();
  scene.online = false;
  page.socket.reset();
  for (let n = 0; n <= PENDING_MAX; n++) page.session.send(add(1));
  expect(page.session.unsent()).toBe(PENDING_MAX);
  expect(page.reports.at(-1)).toBe('refused too many unsent');
});
