/** Tests that records are applied in order and only for their own connection, although chunks are inflated asynchronously. */
import { expect, test } from 'bun:test';
import { chunk } from '../protocol/chunk.ts';
import { RecordKind } from '../protocol/record.ts';
import { add, TestSetup } from '../test/test-setup.ts';

function history(setup: TestSetup, moves: number): void {
  for (let n = 1; n <= moves; n++) {
    setup.room.append(RecordKind.move, 2, 9, n, JSON.stringify(add(n)));
  }
}

test('chunks inflated in any order are applied in log order, live frames after them', async () => {
  const setup = new TestSetup();
  history(setup, 20);
  const page = await setup.open({}, false);
  page.holdsInflate = true;
  await setup.time.advance(100);
  expect(page.pendingInflates.length).toBeGreaterThan(3);
  history(setup, 1);
  await setup.time.advance(100);
  for (const go of page.pendingInflates.splice(0).toReversed()) {
    expect(page.session.state()).toBeNull();
    go();
    await setup.time.advance(10);
  }
  expect(page.session.state()?.seqs).toEqual(Array.from({ length: 21 }, (_, at) => at + 3));
  expect(page.session.status()).toBe('live');
  expect(page.sockets).toHaveLength(1);
});

test('a chunk inflated after its connection was lost changes nothing', async () => {
  const setup = new TestSetup();
  history(setup, 6);
  const page = await setup.open({}, false);
  page.holdsInflate = true;
  await setup.time.advance(100);
  const late = page.pendingInflates.splice(0);
  page.holdsInflate = false;
  page.socket.reset();
  await setup.time.advance(1_000);
  const state = page.session.state();
  expect(page.sum).toBe(21);
  for (const go of late) go();
  await setup.time.advance(100);
  expect(page.session.state()).toBe(state);
  expect(page.reports).toHaveLength(1);
});

test('a chunk of an older connection is not applied to the replay of a newer one', async () => {
  const setup = new TestSetup();
  history(setup, 6);
  const page = await setup.open({}, false);
  page.holdsInflate = true;
  await setup.time.advance(100);
  const late = page.pendingInflates.splice(0);
  page.socket.reset();
  // The log was restored from a backup and continued differently.
  setup.room.log.splice(2);
  setup.room.restart(300);
  for (let n = 1; n <= 6; n++) setup.room.append(RecordKind.move, 3, 8, n, JSON.stringify(add(100)));
  await setup.time.advance(1_000);
  for (const go of late) go();
  await setup.time.advance(10);
  for (const go of page.pendingInflates.splice(0)) go();
  await setup.time.advance(1_000);
  for (const go of page.pendingInflates.splice(0)) go();
  await setup.time.advance(10);
  expect(page.sum).toBe(600);
});

test('an interrupted replay continues from its position; earlier records of its first chunk are skipped', async () => {
  const setup = new TestSetup();
  history(setup, 20);
  const page = await setup.open({}, false);
  page.holdsInflate = true;
  await setup.time.advance(100);
  for (const go of page.pendingInflates.splice(0, 2)) go();
  await setup.time.advance(10);
  page.holdsInflate = false;
  setup.room.chunkRecords = 3;
  page.socket.reset();
  await setup.time.advance(1_000);
  expect(setup.room.hellos.at(-1)?.seq).toBe(8);
  expect(page.session.state()?.seqs).toHaveLength(20);
});

test('a session closed during replay applies nothing and notifies no listener', async () => {
  const setup = new TestSetup();
  history(setup, 20);
  const page = await setup.open({}, false);
  page.holdsInflate = true;
  await setup.time.advance(100);
  let notified = 0;
  page.session.onChange(() => notified++);
  page.session.close();
  for (const go of page.pendingInflates.splice(0)) go();
  await setup.time.advance(1_000);
  expect(notified).toBe(0);
  expect(page.session.state()).toBeNull();
  expect(setup.time.timers).toBe(0);
});

test('frames that arrive together with the welcome, before a listener is added, are not lost', async () => {
  const setup = new TestSetup();
  history(setup, 5);
  setup.gathersFrames = true;
  const page = await setup.open({}, false);
  await setup.time.advance(100);
  expect(page.session.status()).toBe('connecting');
  // Welcome, a chunk, records and live arrive together; then the listener is added.
  expect(page.socket.heldFrames).toHaveLength(4);
  page.socket.releaseHeldFrames();
  const seen: (number | undefined)[] = [];
  page.session.onChange(() => seen.push(page.sum));
  await setup.time.advance(10);
  expect(page.session.status()).toBe('live');
  expect([page.sum, seen.at(-1)]).toEqual([15, 15]);
  expect([page.sockets.length, page.reports]).toEqual([1, []]);
});

test('a chunk that cannot be inflated ends the connection, not the page', async () => {
  const setup = new TestSetup();
  const page = await setup.open();
  page.socket.deliver(chunk.encode({ first: 3, last: 4, deflated: Uint8Array.of(0xff, 0xff) }));
  await setup.time.advance(2_000);
  expect(page.session.status()).toBe('live');
  expect(page.sockets).toHaveLength(2);
});

test('a room with thousands of records is replayed completely', async () => {
  const setup = new TestSetup();
  setup.room.chunkRecords = 256;
  history(setup, 3_000);
  const page = await setup.open();
  expect(page.session.state()?.seqs).toHaveLength(3_000);
});
