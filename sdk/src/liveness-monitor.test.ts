/** Tests that a dead socket is detected, and that late timers never end a healthy one. */
import { expect, test } from 'bun:test';
import { ping } from '../protocol/ping.ts';
import { add, type TestPage, TestSetup } from '../test/test-setup.ts';

const pings = (page: TestPage) => page.socket.sent.filter((frame) => frame[0] === ping.type).length;

test('a half-open socket is closed after the heartbeat interval and two pings without a response', async () => {
  const setup = new TestSetup();
  const page = await setup.open();
  page.socket.cut();
  await setup.time.advance(12_500);
  expect(pings(page)).toBe(0);
  await setup.time.advance(1_000);
  expect(pings(page)).toBe(1);
  expect(page.sockets).toHaveLength(1);
  await setup.time.advance(7_000);
  expect(page.sockets).toHaveLength(2);
  expect(page.session.status()).toBe('live');
  expect(page.reports).toEqual(['reconnect silent']);
});

test('any frame counts as activity', async () => {
  const setup = new TestSetup();
  const page = await setup.open();
  setup.room.respondsToPings = false;
  for (let round = 0; round < 10; round++) {
    await setup.time.advance(9_000);
    setup.room.sendHeartbeat(page.socket);
  }
  expect(pings(page)).toBe(0);
  expect(page.sockets).toHaveLength(1);
});

test('throttled timers of a hidden tab: timers once a minute do not end a healthy socket', async () => {
  const setup = new TestSetup();
  const page = await setup.open();
  for (let minute = 0; minute < 10; minute++) {
    setup.time.sleep(60_000);
    await setup.time.advance(0);
    await setup.time.advance(100);
  }
  expect(page.sockets).toHaveLength(1);
  expect(page.session.status()).toBe('live');
});

test('wake from sleep: a ping is sent first, and its late response keeps the socket', async () => {
  const setup = new TestSetup();
  const page = await setup.open();
  // The ping was sent just before the machine went to sleep.
  await setup.time.advance(13_000 + 5);
  expect(pings(page)).toBe(1);
  setup.time.sleep(3_600_000);
  page.wake('visible');
  await setup.time.advance(1_000);
  expect(page.sockets).toHaveLength(1);
  expect(page.session.status()).toBe('live');
});

test('after a timer that fired late, a second ping is sent before the socket is closed', async () => {
  const setup = new TestSetup();
  const page = await setup.open();
  setup.room.respondsToPings = false;
  await setup.time.advance(13_000 + 5);
  expect(pings(page)).toBe(1);
  setup.time.sleep(3_600_000);
  setup.room.respondsToPings = true;
  await setup.time.advance(1_000);
  expect(pings(page)).toBe(2);
  expect(page.sockets).toHaveLength(1);
});

test('a tab frozen for five minutes catches up on the same socket', async () => {
  const setup = new TestSetup();
  const one = await setup.open({ seat: 1 });
  const two = await setup.open({ seat: 2 });
  two.session.send(add(2));
  setup.time.sleep(300_000);
  one.wake('visible');
  await setup.time.advance(1_000);
  expect(one.sum).toBe(2);
  expect(one.sockets).toHaveLength(1);
});

test('online: a waiting page connects at once, a stuck attempt starts again, a dead socket is detected fast', async () => {
  const setup = new TestSetup();
  const page = await setup.open({ random: () => 1 });
  setup.online = false;
  page.socket.reset();
  page.wake('offline');
  await setup.time.advance(600);
  expect(page.session.status()).toBe('connecting');
  setup.online = true;
  page.wake('online');
  await setup.time.advance(100);
  expect(page.session.status()).toBe('live');
  page.socket.cut();
  page.wake('online');
  await setup.time.advance(1_000);
  page.session.retryNow();
  await setup.time.advance(100);
  expect(page.session.status()).toBe('live');
});

test('visible: a waiting page connects at once', async () => {
  const setup = new TestSetup();
  const page = await setup.open({ random: () => 1 });
  page.socket.reset();
  page.wake('visible');
  await setup.time.advance(100);
  expect(page.session.status()).toBe('live');
});
