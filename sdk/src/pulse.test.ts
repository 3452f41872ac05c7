/** A dead socket is noticed; a healthy one is never given up because of timers that were late. */
import { expect, test } from 'bun:test';
import { ping } from '../protocol/ping.ts';
import { add, type Page, Scene } from '../test/scene.ts';

const pings = (page: Page) => page.socket.sent.filter((frame) => frame[0] === ping.type).length;

test('a half-open socket is left after the announced silence and unanswered pings', async () => {
  const scene = new Scene();
  const page = await scene.open();
  page.socket.cut();
  await scene.time.advance(12_500);
  expect(pings(page)).toBe(0);
  await scene.time.advance(1_000);
  expect(pings(page)).toBe(1);
  expect(page.sockets).toHaveLength(1);
  await scene.time.advance(7_000);
  expect(page.sockets).toHaveLength(2);
  expect(page.session.status()).toBe('live');
  expect(page.reports).toEqual(['reconnect silent']);
});

test('any frame is a sign of life', async () => {
  const scene = new Scene();
  const page = await scene.open();
  scene.room.answersPings = false;
  for (let round = 0; round < 10; round++) {
    await scene.time.advance(9_000);
    scene.room.beat(page.socket);
  }
  expect(pings(page)).toBe(0);
  expect(page.sockets).toHaveLength(1);
});

test('hidden tab timer throttle: timers once a minute do not end a healthy socket', async () => {
  const scene = new Scene();
  const page = await scene.open();
  for (let minute = 0; minute < 10; minute++) {
    scene.time.sleep(60_000);
    await scene.time.advance(0);
    await scene.time.advance(100);
  }
  expect(page.sockets).toHaveLength(1);
  expect(page.session.status()).toBe('live');
});

test('wake from sleep: a ping first, and its answer, late behind the timers, keeps the socket', async () => {
  const scene = new Scene();
  const page = await scene.open();
  // The ping was just sent when the machine fell asleep.
  await scene.time.advance(13_000 + 5);
  expect(pings(page)).toBe(1);
  scene.time.sleep(3_600_000);
  page.wake('visible');
  await scene.time.advance(1_000);
  expect(page.sockets).toHaveLength(1);
  expect(page.session.status()).toBe('live');
});

test('a timer that fires late proves nothing: a second ping is sent before the socket is given up', async () => {
  const scene = new Scene();
  const page = await scene.open();
  scene.room.answersPings = false;
  await scene.time.advance(13_000 + 5);
  expect(pings(page)).toBe(1);
  scene.time.sleep(3_600_000);
  scene.room.answersPings = true;
  await scene.time.advance(1_000);
  expect(pings(page)).toBe(2);
  expect(page.sockets).toHaveLength(1);
});

test('a tab frozen for five minutes catches up on the same socket', async () => {
  const scene = new Scene();
  const one = await scene.open({ seat: 1 });
  const two = await scene.open({ seat: 2 });
  two.session.send(add(2));
  scene.time.sleep(300_000);
  one.wake('visible');
  await scene.time.advance(1_000);
  expect(one.sum).toBe(2);
  expect(one.sockets).toHaveLength(1);
});

test('online: a waiting page tries at once, a stuck attempt is begun anew, a dead socket is found fast', async () => {
  const scene = new Scene();
  const page = await scene.open({ random: () => 1 });
  scene.online = false;
  page.socket.reset();
  page.wake('offline');
  await scene.time.advance(600);
  expect(page.session.status()).toBe('connecting');
  scene.online = true;
  page.wake('online');
  await scene.time.advance(100);
  expect(page.session.status()).toBe('live');
  page.socket.cut();
  page.wake('online');
  await scene.time.advance(1_000);
  page.session.retryNow();
  await scene.time.advance(100);
  expect(page.session.status()).toBe('live');
});

test('visible: a waiting page tries at once', async () => {
  const scene = new Scene();
  const page = await scene.open({ random: () => 1 });
  page.socket.reset();
  page.wake('visible');
  await scene.time.advance(100);
  expect(page.session.status()).toBe('live');
});
