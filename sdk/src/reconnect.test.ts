/** What a page does when connections fail: the faults that real systems met, by name. */
import { expect, test } from 'bun:test';
import { Close } from '../protocol/close-codes.ts';
import { drain } from '../protocol/drain.ts';
import { live } from '../protocol/live.ts';
import { RecordKind } from '../protocol/record.ts';
import { add, Scene } from '../test/scene.ts';
import { BACKOFF_MAX_MS } from './connection.ts';
import type { JoinAnswer } from './session-api.ts';

test('after a loss the page comes back with its pass and position, without join', async () => {
  const scene = new Scene();
  const page = await scene.open();
  page.session.send(add(1));
  await scene.time.advance(100);
  page.socket.reset();
  expect(page.session.status()).toBe('offline');
  expect(page.session.retryInMs()).toBeLessThanOrEqual(500);
  await scene.time.advance(1_000);
  expect(page.session.status()).toBe('live');
  expect(page.joins).toBe(1);
  expect(scene.room.hellos[1]).toMatchObject({ credential: 'pass:1', epoch: 100, seq: 4 });
  expect(page.sum).toBe(1);
});

test('late close of a superseded socket: the new connection stays', async () => {
  const scene = new Scene();
  const page = await scene.open();
  const old = page.socket;
  scene.room.beat(old);
  page.wake('online');
  old.cut();
  await scene.time.advance(5_000);
  expect(page.sockets).toHaveLength(2);
  expect(page.session.status()).toBe('live');
  old.haunt(Close.superseded.code);
  old.haunt(1006);
  await scene.time.advance(5_000);
  expect(page.session.status()).toBe('live');
  expect(page.sockets).toHaveLength(2);
});

test('token fetch fails once: the page tries again and gets in', async () => {
  const scene = new Scene();
  const join = (tries: number) =>
    tries === 1
      ? Promise.reject(new Error('503'))
      : Promise.resolve({ ok: true as const, socket: 'ws://test', ticket: 't' });
  const page = await scene.open({ join });
  await scene.time.advance(2_000);
  expect(page.joins).toBe(2);
  expect(page.session.status()).toBe('live');
});

/** As it comes over HTTP. */
const refusal = (code: string, then: string) =>
  JSON.parse(`{ "ok": false, "code": "${code}", "then": "${then}" }`) as JoinAnswer;

test('a join that throws, or never answers, or says retry, is tried again; stop means stop', async () => {
  const scene = new Scene();
  const page = await scene.open({
    join(tries) {
      if (tries === 1) throw new Error('no fetch');
      if (tries === 2) return new Promise(() => {});
      return Promise.resolve(tries === 3 ? refusal('busy', 'retry') : refusal('link-retired', 'stop'));
    },
  });
  await scene.time.advance(30_000);
  expect(page.joins).toBe(4);
  expect(page.session.status()).toBe('stopped');
  expect(page.session.stopCode()).toBe('link-retired');
  await scene.time.advance(100_000);
  expect(page.joins).toBe(4);
});

test('three connects with a pass that bring no welcome: join is asked again', async () => {
  const scene = new Scene();
  const page = await scene.open();
  scene.online = false;
  page.socket.reset();
  while (page.sockets.length < 4) await scene.time.advance(1_000);
  expect(page.joins).toBe(1);
  scene.online = true;
  await scene.time.advance(60_000);
  expect(page.joins).toBe(2);
  expect(scene.room.hellos.at(-1)?.credential).toBe('ticket:1');
  expect(page.session.status()).toBe('live');
});

test('rejoin: only then join is called at once, and after a wait that differs from page to page', async () => {
  const scene = new Scene();
  const page = await scene.open();
  page.socket.close(Close.rejoin.code);
  await scene.time.advance(10);
  expect(page.session.status()).toBe('offline');
  expect(page.session.retryInMs()).toBeGreaterThan(0);
  await scene.time.advance(1_000);
  expect(page.joins).toBe(2);
  expect(page.session.status()).toBe('live');
});

test('bad resume pass: refused for good means stop with the code, and nothing runs on', async () => {
  const scene = new Scene();
  const page = await scene.open();
  scene.room.interceptHello = (socket) => {
    socket.close(Close.linkRotated.code, 'x'.repeat(200));
    return true;
  };
  page.socket.reset();
  await scene.time.advance(1_000);
  expect(page.session.status()).toBe('stopped');
  expect(page.session.stopCode()).toBe('4403');
  expect(scene.time.timers).toBe(0);
});

test('an unknown close code means try again', async () => {
  const scene = new Scene();
  const page = await scene.open();
  for (const code of [1006, 1011, 3000, 4042, 4999]) {
    page.socket.close(code);
    await scene.time.advance(20_000);
    expect(page.session.status()).toBe('live');
  }
});

test('quiet room longer than any window: an hour without a record and the page resumes', async () => {
  const scene = new Scene();
  const page = await scene.open();
  page.session.send(add(5));
  await scene.time.advance(3_600_000);
  expect(page.sockets).toHaveLength(1);
  page.socket.reset();
  await scene.time.advance(1_000);
  expect(page.session.status()).toBe('live');
  expect(page.sum).toBe(5);
});

test('zero-event reconnect: nothing happened in between, nothing is replayed', async () => {
  const scene = new Scene();
  const page = await scene.open();
  const state = page.session.state();
  for (let round = 0; round < 3; round++) {
    page.socket.reset();
    await scene.time.advance(20_000);
    expect(page.session.status()).toBe('live');
  }
  expect(page.session.state()).toBe(state);
});

test('epoch change with a resume: a restarted server that knows the position sends only the tail', async () => {
  const scene = new Scene();
  const page = await scene.open();
  page.session.send(add(5));
  await scene.time.advance(100);
  const state = page.session.state();
  scene.room.restart(200);
  await scene.time.advance(1_000);
  expect(page.session.state()).toBe(state);
  expect(page.session.position()).toEqual({ epoch: 200, seq: 5 });
});

test('epoch change with a lower head: reset, and the page shows the old state until the new one is there', async () => {
  const scene = new Scene();
  const page = await scene.open();
  page.session.send(add(5));
  page.session.send(add(6));
  await scene.time.advance(100);
  expect(page.sum).toBe(11);
  // The log came back from a backup without the last move, and the room went on.
  scene.room.log.pop();
  for (const client of scene.room.clients.values()) client.lastSeq--;
  scene.room.restart(300);
  page.slowInflate = true;
  await scene.time.advance(1_000);
  expect(page.session.status()).toBe('replaying');
  expect(page.sum).toBe(11);
  for (const go of page.inflating.splice(0)) go();
  await scene.time.advance(100);
  expect(page.session.status()).toBe('live');
  expect(page.sum).toBe(5);
  page.session.send(add(1));
  await scene.time.advance(3_000);
  expect(page.sum).toBe(6);
});

test('reconnect storm: full jitter spreads the pages, and the limit doubles up to its bound', async () => {
  const delays = async (value: number) => {
    const scene = new Scene();
    const page = await scene.open({ random: () => value });
    scene.online = false;
    page.socket.reset();
    const seen: number[] = [];
    for (let tries = 0; tries < 9; tries++) {
      seen.push(page.session.retryInMs() ?? -1);
      page.session.retryNow();
      await scene.time.advance(1);
      page.socket.reset();
    }
    return seen;
  };
  expect(await delays(0)).toEqual(Array.from({ length: 9 }, () => 0));
  const half = [250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000];
  expect(await delays(0.5)).toEqual(half);
  expect(Math.max(...(await delays(0.999)))).toBeLessThan(BACKOFF_MAX_MS);
});

test('the backoff starts from the beginning only after a connection that lasted', async () => {
  const scene = new Scene();
  const page = await scene.open({ random: () => 1 });
  const lose = () => {
    page.socket.reset();
    return page.session.retryInMs();
  };
  expect(lose()).toBe(500);
  await scene.time.advance(2_000);
  expect(page.session.status()).toBe('live');
  expect(lose()).toBe(1_000);
  await scene.time.advance(12_000);
  expect(lose()).toBe(500);
});

test('P60 drain: the page plays on until it is closed, then comes back at a random moment of the window, with its pass', async () => {
  const scene = new Scene();
  const page = await scene.open({ random: () => 0.5 });
  page.socket.deliver(drain.encode({ windowMs: 8_000 }));
  await scene.time.advance(6_000);
  page.session.send(add(1));
  await scene.time.advance(100);
  expect([page.sum, page.session.status(), page.sockets.length]).toEqual([1, 'live', 1]);
  page.socket.close(4000);
  await scene.time.advance(3_900);
  expect(page.sockets).toHaveLength(1);
  await scene.time.advance(200);
  expect(page.sockets).toHaveLength(2);
  expect(page.session.status()).toBe('live');
  expect(page.joins).toBe(1);
});

test('P60 drain before there was a welcome counts, too: the page was not let in any more', async () => {
  const scene = new Scene();
  const page = await scene.open({ random: () => 0.5 }, false);
  scene.room.interceptHello = (socket) => {
    scene.room.interceptHello = () => false;
    socket.deliver(drain.encode({ windowMs: 8_000 }));
    socket.close(4000);
    return true;
  };
  await scene.time.advance(3_900);
  expect(page.sockets).toHaveLength(1);
  await scene.time.advance(1_000);
  expect([page.sockets.length, page.session.status()]).toEqual([2, 'live']);
});

test('a missing record is never skipped: the page comes back with its position', async () => {
  const scene = new Scene();
  const page = await scene.open();
  scene.room.mute = true;
  scene.room.append(RecordKind.move, 2, 9, 1, JSON.stringify(add(1)));
  scene.room.mute = false;
  scene.room.append(RecordKind.move, 2, 9, 2, JSON.stringify(add(2)));
  await scene.time.advance(2_000);
  expect(page.reports).toEqual(['reconnect gap after 2']);
  expect(page.sum).toBe(3);
});

test('a replay that ends before its head is not taken for complete', async () => {
  const scene = new Scene();
  const page = await scene.open();
  page.socket.reset();
  const marker = live.encode({ seq: 99 });
  scene.room.interceptHello = (socket) => {
    scene.room.interceptHello = () => false;
    socket.deliver(marker);
    return true;
  };
  await scene.time.advance(3_000);
  expect(page.session.status()).toBe('live');
  expect(page.sockets).toHaveLength(3);
});

test('P50 a heartbeat tells of a head that never comes: the page comes back for it', async () => {
  const scene = new Scene();
  const page = await scene.open();
  scene.room.mute = true;
  scene.room.append(RecordKind.move, 2, 9, 1, JSON.stringify(add(1)));
  scene.room.beat(page.socket);
  await scene.time.advance(1_000);
  scene.room.beat(page.socket);
  await scene.time.advance(100);
  expect(page.sockets).toHaveLength(1);
  await scene.time.advance(1_500);
  scene.room.beat(page.socket);
  await scene.time.advance(1_000);
  expect(page.sockets).toHaveLength(2);
  expect(page.sum).toBe(1);
});

test('malformed frames end the connection, unknown ones do not', async () => {
  const scene = new Scene();
  const page = await scene.open();
  page.socket.deliver(Uint8Array.of(0x7f, 1, 2));
  await scene.time.advance(100);
  expect(page.sockets).toHaveLength(1);
  for (const frame of [[0x43], [1, 16, 9], [0x41, 1, 1, 2, 0xff, 0xff]]) {
    page.socket.deliver(Uint8Array.from(frame));
    await scene.time.advance(20_000);
    expect(page.session.status()).toBe('live');
  }
  expect(page.sockets).toHaveLength(4);
});
