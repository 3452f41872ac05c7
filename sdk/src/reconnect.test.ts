/** Tests of reconnecting: each title names a fault known from real systems. */
import { expect, test } from 'bun:test';
import { Close } from '../protocol/close-codes.ts';
import { drain } from '../protocol/drain.ts';
import { live } from '../protocol/live.ts';
import { RecordKind } from '../protocol/record.ts';
import { add, TestSetup } from '../test/test-setup.ts';
import { BACKOFF_MAX_MS } from './connection.ts';
import type { JoinAnswer } from './session-api.ts';

test('after a loss the page reconnects with its pass and position, without a join call', async () => {
  const setup = new TestSetup();
  const page = await setup.open();
  page.session.send(add(1));
  await setup.time.advance(100);
  page.socket.reset();
  expect(page.session.status()).toBe('offline');
  expect(page.session.retryInMs()).toBeLessThanOrEqual(500);
  await setup.time.advance(1_000);
  expect(page.session.status()).toBe('live');
  expect(page.joins).toBe(1);
  expect(setup.room.hellos[1]).toMatchObject({ credential: 'pass:1', epoch: 100, seq: 4 });
  expect(page.sum).toBe(1);
});

test('late close of a superseded socket: the new connection stays', async () => {
  const setup = new TestSetup();
  const page = await setup.open();
  const old = page.socket;
  setup.room.sendHeartbeat(old);
  page.wake('online');
  old.cut();
  await setup.time.advance(5_000);
  expect(page.sockets).toHaveLength(2);
  expect(page.session.status()).toBe('live');
  old.emitLateClose(Close.superseded.code);
  old.emitLateClose(1006);
  await setup.time.advance(5_000);
  expect(page.session.status()).toBe('live');
  expect(page.sockets).toHaveLength(2);
});

test('token fetch fails once: the page tries again and connects', async () => {
  const setup = new TestSetup();
  const join = (tries: number) =>
    tries === 1
      ? Promise.reject(new Error('503'))
      : Promise.resolve({ ok: true as const, socket: 'ws://test', ticket: 't' });
  const page = await setup.open({ join });
  await setup.time.advance(2_000);
  expect(page.joins).toBe(2);
  expect(page.session.status()).toBe('live');
});

/** A refusal as JSON; servers before `next` send only `then`. */
const refusal = (code: string, fields: string) =>
  JSON.parse(`{"ok":false,"code":"${code}",${fields}}`) as JoinAnswer;

test('a join call that throws, never completes or returns retry is repeated; after stop the page stops', async () => {
  const setup = new TestSetup();
  const page = await setup.open({
    join(tries) {
      if (tries === 1) throw new Error('no fetch');
      if (tries === 2) return new Promise(() => {});
      const answer =
        tries === 3
          ? refusal('busy', '"next":"retry", "then":"retry"')
          : refusal('link-retired', '"next":"stop", "then":"stop"');
      return Promise.resolve(answer);
    },
  });
  await setup.time.advance(30_000);
  expect(page.joins).toBe(4);
  expect(page.session.status()).toBe('stopped');
  expect(page.session.stopCode()).toBe('link-retired');
  await setup.time.advance(100_000);
  expect(page.joins).toBe(4);
});

test('P70 the page reads `next` of a refused join call', async () => {
  const setup = new TestSetup();
  const answers = [
    refusal('busy', '"next":"retry", "then":"stop"'),
    refusal('no-seat', '"next":"stop", "then":"retry"'),
  ];
  const page = await setup.open({ join: (tries) => Promise.resolve(answers[tries - 1]!) });
  await setup.time.advance(30_000);
  expect([page.joins, page.session.status(), page.session.stopCode()]).toEqual([2, 'stopped', 'no-seat']);
});

test('P70 without `next` the page reads `then`, as older servers send it', async () => {
  const setup = new TestSetup();
  const answers = [refusal('busy', '"then":"retry"'), refusal('no-seat', '"then":"stop"')];
  const page = await setup.open({ join: (tries) => Promise.resolve(answers[tries - 1]!) });
  await setup.time.advance(30_000);
  expect([page.joins, page.session.status(), page.session.stopCode()]).toEqual([2, 'stopped', 'no-seat']);
});

test('after three connects with a pass and without a welcome, join is called again', async () => {
  const setup = new TestSetup();
  const page = await setup.open();
  setup.online = false;
  page.socket.reset();
  while (page.sockets.length < 4) await setup.time.advance(1_000);
  expect(page.joins).toBe(1);
  setup.online = true;
  await setup.time.advance(60_000);
  expect(page.joins).toBe(2);
  expect(setup.room.hellos.at(-1)?.credential).toBe('ticket:1');
  expect(page.session.status()).toBe('live');
});

test('rejoin: the page calls join at the next attempt, after a random wait', async () => {
  const setup = new TestSetup();
  const page = await setup.open();
  page.socket.close(Close.rejoin.code);
  await setup.time.advance(10);
  expect(page.session.status()).toBe('offline');
  expect(page.session.retryInMs()).toBeGreaterThan(0);
  await setup.time.advance(1_000);
  expect(page.joins).toBe(2);
  expect(page.session.status()).toBe('live');
});

test('a pass rejected with a stop code: the page stops with the code and leaves no timer', async () => {
  const setup = new TestSetup();
  const page = await setup.open();
  setup.room.interceptHello = (socket) => {
    socket.close(Close.linkRotated.code, 'x'.repeat(200));
    return true;
  };
  page.socket.reset();
  await setup.time.advance(1_000);
  expect(page.session.status()).toBe('stopped');
  expect(page.session.stopCode()).toBe('4403');
  expect(setup.time.timers).toBe(0);
});

test('P58 P64 an unknown close code, and one of the WebSocket layer, mean: connect again', async () => {
  const setup = new TestSetup();
  const page = await setup.open();
  for (const code of [1002, 1006, 1007, 1011, 3000, 4042, 4999]) {
    page.socket.close(code);
    await setup.time.advance(20_000);
    expect(page.session.status()).toBe('live');
  }
});

test('a quiet room: after an hour without a record the page resumes', async () => {
  const setup = new TestSetup();
  const page = await setup.open();
  page.session.send(add(5));
  await setup.time.advance(3_600_000);
  expect(page.sockets).toHaveLength(1);
  page.socket.reset();
  await setup.time.advance(1_000);
  expect(page.session.status()).toBe('live');
  expect(page.sum).toBe(5);
});

test('reconnect without new records: nothing is replayed', async () => {
  const setup = new TestSetup();
  const page = await setup.open();
  const state = page.session.state();
  for (let round = 0; round < 3; round++) {
    page.socket.reset();
    await setup.time.advance(20_000);
    expect(page.session.status()).toBe('live');
  }
  expect(page.session.state()).toBe(state);
});

test('epoch change with a valid position: a restarted server sends only the later records', async () => {
  const setup = new TestSetup();
  const page = await setup.open();
  page.session.send(add(5));
  await setup.time.advance(100);
  const state = page.session.state();
  setup.room.restart(200);
  await setup.time.advance(1_000);
  expect(page.session.state()).toBe(state);
  expect(page.session.position()).toEqual({ epoch: 200, seq: 5 });
});

test('epoch change with a lower head: reset, and the page shows the old state until the replay is complete', async () => {
  const setup = new TestSetup();
  const page = await setup.open();
  page.session.send(add(5));
  page.session.send(add(6));
  await setup.time.advance(100);
  expect(page.sum).toBe(11);
  // The log was restored from a backup without the last move, and play continued.
  setup.room.log.pop();
  for (const client of setup.room.clients.values()) client.lastSeq--;
  setup.room.restart(300);
  page.holdsInflate = true;
  await setup.time.advance(1_000);
  expect(page.session.status()).toBe('replaying');
  expect(page.sum).toBe(11);
  for (const go of page.pendingInflates.splice(0)) go();
  await setup.time.advance(100);
  expect(page.session.status()).toBe('live');
  expect(page.sum).toBe(5);
  page.session.send(add(1));
  await setup.time.advance(3_000);
  expect(page.sum).toBe(6);
});

test('reconnect storm: full jitter spreads the pages, and the backoff doubles up to its maximum', async () => {
  const delays = async (value: number) => {
    const setup = new TestSetup();
    const page = await setup.open({ random: () => value });
    setup.online = false;
    page.socket.reset();
    const seen: number[] = [];
    for (let tries = 0; tries < 9; tries++) {
      seen.push(page.session.retryInMs() ?? -1);
      page.session.retryNow();
      await setup.time.advance(1);
      page.socket.reset();
    }
    return seen;
  };
  expect(await delays(0)).toEqual(Array.from({ length: 9 }, () => 0));
  const half = [250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000];
  expect(await delays(0.5)).toEqual(half);
  expect(Math.max(...(await delays(0.999)))).toBeLessThan(BACKOFF_MAX_MS);
});

test('the backoff starts at its first value again only after a stable connection', async () => {
  const setup = new TestSetup();
  const page = await setup.open({ random: () => 1 });
  const lose = () => {
    page.socket.reset();
    return page.session.retryInMs();
  };
  expect(lose()).toBe(500);
  await setup.time.advance(2_000);
  expect(page.session.status()).toBe('live');
  expect(lose()).toBe(1_000);
  await setup.time.advance(12_000);
  expect(lose()).toBe(500);
});

test('P60 drain: play continues until the socket is closed; the page reconnects within the window, with its pass', async () => {
  const setup = new TestSetup();
  const page = await setup.open({ random: () => 0.5 });
  page.socket.deliver(drain.encode({ windowMs: 8_000 }));
  await setup.time.advance(6_000);
  page.session.send(add(1));
  await setup.time.advance(100);
  expect([page.sum, page.session.status(), page.sockets.length]).toEqual([1, 'live', 1]);
  page.socket.close(4000);
  await setup.time.advance(3_900);
  expect(page.sockets).toHaveLength(1);
  await setup.time.advance(200);
  expect(page.sockets).toHaveLength(2);
  expect(page.session.status()).toBe('live');
  expect(page.joins).toBe(1);
});

test('P60 drain without a welcome also counts: the page was not admitted', async () => {
  const setup = new TestSetup();
  const page = await setup.open({ random: () => 0.5 }, false);
  setup.room.interceptHello = (socket) => {
    setup.room.interceptHello = () => false;
    socket.deliver(drain.encode({ windowMs: 8_000 }));
    socket.close(4000);
    return true;
  };
  await setup.time.advance(3_900);
  expect(page.sockets).toHaveLength(1);
  await setup.time.advance(1_000);
  expect([page.sockets.length, page.session.status()]).toEqual([2, 'live']);
});

test('a missing record is never skipped: the page reconnects with its position', async () => {
  const setup = new TestSetup();
  const page = await setup.open();
  setup.room.isMuted = true;
  setup.room.append(RecordKind.move, 2, 9, 1, JSON.stringify(add(1)));
  setup.room.isMuted = false;
  setup.room.append(RecordKind.move, 2, 9, 2, JSON.stringify(add(2)));
  await setup.time.advance(2_000);
  expect(page.reports).toEqual(['reconnect missingRecord after 2']);
  expect(page.sum).toBe(3);
});

test('a replay that ends before the seq of `live` does not count as complete', async () => {
  const setup = new TestSetup();
  const page = await setup.open();
  page.socket.reset();
  const marker = live.encode({ seq: 99 });
  setup.room.interceptHello = (socket) => {
    setup.room.interceptHello = () => false;
    socket.deliver(marker);
    return true;
  };
  await setup.time.advance(3_000);
  expect(page.session.status()).toBe('live');
  expect(page.sockets).toHaveLength(3);
});

test('P50 a page that stays behind a heartbeat’s head reconnects', async () => {
  const setup = new TestSetup();
  const page = await setup.open();
  setup.room.isMuted = true;
  setup.room.append(RecordKind.move, 2, 9, 1, JSON.stringify(add(1)));
  setup.room.sendHeartbeat(page.socket);
  await setup.time.advance(1_000);
  setup.room.sendHeartbeat(page.socket);
  await setup.time.advance(100);
  expect(page.sockets).toHaveLength(1);
  await setup.time.advance(1_500);
  setup.room.sendHeartbeat(page.socket);
  await setup.time.advance(1_000);
  expect(page.sockets).toHaveLength(2);
  expect(page.sum).toBe(1);
});

test('malformed frames end the connection, unknown ones do not', async () => {
  const setup = new TestSetup();
  const page = await setup.open();
  page.socket.deliver(Uint8Array.of(0x7f, 1, 2));
  await setup.time.advance(100);
  expect(page.sockets).toHaveLength(1);
  for (const frame of [[0x43], [1, 16, 9], [0x41, 1, 1, 2, 0xff, 0xff]]) {
    page.socket.deliver(Uint8Array.from(frame));
    await setup.time.advance(20_000);
    expect(page.session.status()).toBe('live');
  }
  expect(page.sockets).toHaveLength(4);
});
