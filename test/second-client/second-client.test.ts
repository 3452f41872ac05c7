/**
 * A Python client, written from docs/protocol.md alone with only the standard library, against the running
 * program. If it can play, the document is complete; if both clients see the same, the document is true.
 */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { join } from 'node:path';
import { RecordKind, type LogRecord } from '../../sdk/protocol/record.ts';
import { RefusedReason } from '../../sdk/protocol/refused.ts';
import { ROOT } from '../support/processes/command-line.ts';
import type { Draft, RoomClient } from '../support/clients/room-client.ts';
import { siteVisitor } from '../support/clients/visitor.ts';
import { TestProgram, TEST_MS, jsonBodies } from './test-program.ts';
import type { LogLine, PageState, SecondPage } from './second-client.ts';

let program: TestProgram;

beforeAll(async () => {
  program = await TestProgram.open();
}, TEST_MS);
afterAll(() => program.close(), TEST_MS);

function sendMoves(client: RoomClient, ...texts: string[]): readonly Draft[] {
  return jsonBodies(...texts).map((text) => client.send(RecordKind.move, Buffer.from(text)));
}

/** In the form in which the Python client returns its log. */
function logOf(records: readonly LogRecord[]): LogLine[] {
  return records.map(({ seq, kind, ms, seat, client, clientSeq, body }) => [
    seq,
    kind,
    ms,
    seat,
    client,
    clientSeq,
    Buffer.from(body).toString('hex'),
  ]);
}

/** The texts of the moves in a log, in order. */
function movesIn({ log }: PageState): readonly string[] {
  return log
    .filter(([, kind]) => kind === RecordKind.move)
    .map(([, , , , , , body]) => JSON.parse(Buffer.from(body, 'hex').toString()) as string);
}

/** Waits until both clients have the same log. */
async function expectSame(one: SecondPage, other: RoomClient): Promise<PageState> {
  const state = await one.run('wait-for-seq', { seq: other.records.length });
  await other.has(state.seq);
  expect(state.log).toEqual(logOf(other.records));
  return state;
}

test('P4 P5 P6 P21 the Python client decodes and encodes all byte sequences of the document', async () => {
  const names = await program.second.request<readonly string[]>({
    command: 'vectors',
    document: join(ROOT, 'docs', 'protocol.md'),
  });
  expect(names.length).toBeGreaterThanOrEqual(20);
  expect(new Set(names)).toContain('chunk');
  expect(new Set(names)).toContain('records');
});

test(
  'P8 P12 P15 P22 P46 P48 after hello: welcome, all entries, live, presence, and a heartbeat for a ping',
  async () => {
    const { room, pythonPlayer } = await program.team();
    const one = await program.page();
    const state = await program.enter(one, pythonPlayer, room);
    expect(state.welcome).toMatchObject({ version: 1, resumed: 0, seat: 1, role: 0, seq: state.seq });
    expect(state.welcome?.clients).toEqual([{ number: 0, lastSeq: 0 }]);
    expect(state.seen[0]).toBe('welcome');
    expect(state.log.slice(0, 2).map(([seq, kind]) => [seq, kind])).toEqual([
      [1, RecordKind.open],
      [2, RecordKind.epoch],
    ]);
    expect(state.epoch).toBe(state.welcome?.epoch ?? -1);
    const updated = await one.run('wait-for-frame', { name: 'presence' });
    expect(updated.presence?.seats).toMatchObject([
      { seat: 1, name: 'Python', online: 1 },
      { seat: 2, name: 'Mate', online: 0 },
    ]);
    await one.run('send', { name: 'ping', values: { token: 77 } });
    expect((await one.run('wait-for-frame', { name: 'heartbeat' })).heartbeat?.token).toBe(77);
  },
  TEST_MS,
);

test(
  'P70 a join call without a seat is refused with `stop`',
  async () => {
    const { room } = await program.team();
    const { ok, next } = await program.join(siteVisitor(program.site), room);
    expect([ok, next]).toEqual([false, 'stop']);
  },
  TEST_MS,
);

test(
  'P29 P30 P33 P44 moves and signals of both clients reach both, in one order',
  async () => {
    const both = await program.team();
    const one = await program.page();
    await program.enter(one, both.pythonPlayer, both.room);
    const mate = await program.mateIn(both);
    for (let turn = 1; turn <= 20; turn++) {
      sendMoves(mate, `mate ${turn}`);
      await one.run('move', { bodies: jsonBodies(`python ${turn}`) });
    }
    await one.run('move', { kind: RecordKind.chat, bodies: jsonBodies('Grüße, Zoë') });
    await mate.echoed();
    await one.run('wait-for-echoes');
    await mate.has((await one.state()).seq);
    const state = await expectSame(one, mate);
    const moves = movesIn(state);
    for (const who of ['mate', 'python']) {
      const own = moves.filter((text) => text.startsWith(who));
      expect(own).toEqual(Array.from({ length: 20 }, (_, turn) => `${who} ${turn + 1}`));
    }
    // A page of another seat receives the signal.
    const watcher = await program.page();
    await program.enter(watcher, both.mate, both.room);
    await one.run('signal', { value: '0a0b' });
    const seen = await watcher.run('wait-for-frame', { name: 'signals' });
    expect(seen.signals).toEqual([[1, '0a0b']]);
    await mate.close();
  },
  TEST_MS,
);

test(
  'P17 P26 P35 P36 after a lost echo a resend makes no duplicate, and only the missing entries are sent',
  async () => {
    const both = await program.team();
    const mate = await program.mateIn(both);
    const one = await program.page();
    await program.enter(one, both.pythonPlayer, both.room);
    await one.run('move', { bodies: jsonBodies('first') });
    const before = await one.run('wait-for-echoes');
    await one.run('move', { bodies: jsonBodies('second', 'third') });
    // The mate has them, so they are durable; the Python client's connection is cut before it reads them.
    await mate.until('the three', () => moveCount(mate) === 3);
    await one.run('cut');
    expect((await one.state()).unsent).toEqual([2]);
    sendMoves(mate, 'meanwhile');
    await mate.echoed();
    await one.run('reconnect');
    await one.run('wait-for-live');
    const after = await one.run('wait-for-echoes');
    expect(after.welcome).toMatchObject({ resumed: 1, clients: [{ lastSeq: 3 }] });
    // The first frame may begin before the position (P21), but not at entry 1.
    expect(after.firstSeq).toBeGreaterThan(1);
    expect(after.firstSeq).toBeLessThanOrEqual(before.seq + 1);
    // The same frames again, as if the welcome had no lastSeq, and then a new message.
    for (const seq of [1, 2, 3])
      await one.run('send-raw', { hex: sendHex(seq, jsonBodies('again')[0] ?? '') });
    await one.run('move', { bodies: jsonBodies('fourth') });
    await one.run('wait-for-echoes');
    await mate.has((await one.state()).seq);
    expect(movesIn(await expectSame(one, mate))).toEqual(['first', 'second', 'third', 'meanwhile', 'fourth']);
    await mate.close();
  },
  TEST_MS,
);

function moveCount(client: RoomClient): number {
  return client.records.filter(({ kind }) => kind === RecordKind.move).length;
}

/** A `send` frame of client 0 with a one-byte client seq, in hex. */
function sendHex(clientSeq: number, text: string): string {
  return Buffer.concat([Buffer.of(0x21, 0, clientSeq, RecordKind.move), Buffer.from(text)]).toString('hex');
}

test(
  'P11 P39 messages of a closed page are sent by the next one under the old client id, once',
  async () => {
    const both = await program.team();
    const mate = await program.mateIn(both);
    const one = await program.page();
    await program.enter(one, both.pythonPlayer, both.room);
    await one.run('move', { bodies: jsonBodies('sent before it went') });
    await mate.until('the first', () => moveCount(mate) === 1);
    await one.run('cut');
    await one.run('move', { bodies: jsonBodies('never sent') });
    const two = await program.page([one]);
    const { unsent } = await two.state();
    expect(unsent).toEqual([0, 2]);
    await two.run('move', { bodies: jsonBodies('its own') });
    await program.enter(two, both.pythonPlayer, both.room);
    await two.run('wait-for-echoes');
    await mate.until('all three', () => moveCount(mate) === 3);
    const state = await expectSame(two, mate);
    expect(movesIn(state)).toEqual(['sent before it went', 'never sent', 'its own']);
    const senders = state.log.filter(([, kind]) => kind === RecordKind.move).map((line) => line[4]);
    expect(senders[0]).toBe(senders[1]);
    expect(senders[2]).not.toBe(senders[0]);
    await mate.close();
  },
  TEST_MS,
);

test(
  'P18 P26 a position with another epoch is invalid: all entries are sent again',
  async () => {
    const both = await program.team();
    const mate = await program.mateIn(both);
    const one = await program.page();
    await program.enter(one, both.pythonPlayer, both.room);
    await one.run('move', { bodies: jsonBodies('a', 'b') });
    const { epoch, seq } = await one.run('wait-for-echoes');
    await one.run('cut');
    await one.run('set-epoch', { epoch: epoch - 1 });
    await one.run('reconnect');
    const reset = await one.run('wait-for-live');
    expect(reset.welcome?.resumed).toBe(0);
    expect(reset.firstSeq).toBe(1);
    expect(reset).toMatchObject({ epoch, seq });
    await expectSame(one, mate);
    await mate.close();
  },
  TEST_MS,
);

test(
  'P20 P21 P22 P25 P38 an archived room after a restart: chunks, then records, then live; positions stay valid',
  async () => {
    const both = await program.team();
    const mate = await program.mateIn(both);
    const keeper = await program.page();
    await program.enter(keeper, both.pythonPlayer, both.room);
    for (let block = 0; block < 8; block++) {
      sendMoves(mate, ...Array.from({ length: 30 }, (_, n) => `${block}/${n} ${'x'.repeat(n * 5)}`));
      await mate.echoed();
    }
    await keeper.run('move', { bodies: jsonBodies('kept') });
    const before = await keeper.run('wait-for-echoes');
    await keeper.run('wait-for-seq', { seq: before.seq });
    await keeper.run('cut');
    await mate.close();
    await program.stop();
    await program.start();

    const back = await program.enter(keeper, both.pythonPlayer, both.room);
    expect(back.welcome).toMatchObject({ resumed: 1, clients: [{ lastSeq: 1 }] });
    expect(back.epoch).toBeGreaterThan(before.epoch);
    await mate.enter(program.site, both.mate, both.room);
    sendMoves(mate, 'behind the archive');
    await mate.echoed();

    const fresh = await program.page();
    const replayed = await program.enter(fresh, both.pythonPlayer, both.room);
    const order = replayed.seen.filter((name) => name === 'chunk' || name === 'records' || name === 'live');
    expect(order.join(' ')).toMatch(/^chunk (chunk )*records (records )*live$/);
    expect(replayed.firstSeq).toBe(1);
    sendMoves(mate, 'live again');
    await mate.echoed();
    const state = await expectSame(fresh, mate);
    expect(movesIn(state).slice(-3)).toEqual(['kept', 'behind the archive', 'live again']);
    await keeper.run('wait-for-seq', { seq: state.seq });
    expect((await keeper.state()).log).toEqual(state.log as LogLine[]);
    await mate.close();
  },
  TEST_MS,
);

test(
  'P37 a run of messages out of order gets one `expect`',
  async () => {
    const both = await program.team();
    const one = await program.page();
    await program.enter(one, both.pythonPlayer, both.room);
    await one.run('move', { bodies: jsonBodies('first') });
    await one.run('wait-for-echoes');
    for (const seq of [5, 6, 9]) await one.run('send-raw', { hex: sendHex(seq, '"skipped"') });
    expect((await one.run('wait-for-frame', { name: 'expect' })).expect).toEqual({ client: 0, next: 2 });
    await one.run('send', { name: 'ping', values: { token: 5 } });
    const state = await one.run('wait-for-frame', { name: 'heartbeat' });
    expect(state.seen.filter((name) => name === 'expect')).toHaveLength(1);
    await one.run('move', { bodies: jsonBodies('second') });
    expect(movesIn(await one.run('wait-for-echoes'))).toEqual(['first', 'second']);
  },
  TEST_MS,
);

test(
  'P53 two hundred moves made while offline are sent at the rate of the welcome: reading never stops, the socket stays open',
  async () => {
    const both = await program.team();
    const mate = await program.mateIn(both);
    const one = await program.page();
    await program.enter(one, both.pythonPlayer, both.room);
    await one.run('cut');
    const texts = Array.from({ length: 200 }, (_, n) => `move ${n + 1}`);
    await one.run('move', { bodies: jsonBodies(...texts) });
    await one.run('reconnect');
    await one.run('wait-for-live');
    // After 200 moves at once the server would not read this ping for 7 seconds.
    const asked = performance.now();
    await one.run('send', { name: 'ping', values: { token: 9 } });
    await one.run('wait-for-frame', { name: 'heartbeat' });
    expect(performance.now() - asked).toBeLessThan(3_000);
    const state = await one.run('wait-for-echoes');
    expect(state.code).toBeNull();
    await mate.has(state.seq);
    expect(movesIn(await expectSame(one, mate))).toEqual(texts);
    await mate.close();
  },
  TEST_MS,
);

test(
  'P31 P34 P52 a refused message is removed, and the later ones go down by one in number',
  async () => {
    const both = await program.team();
    const one = await program.page();
    await program.enter(one, both.pythonPlayer, both.room);
    await one.run('move', { bodies: jsonBodies('fine') });
    await one.run('move', { bodies: jsonBodies('x'.repeat(4_100), 'behind it', 'and behind that') });
    await one.run('move', { kind: RecordKind.notice, bodies: jsonBodies('not mine to say') });
    await one.run('move', { bodies: jsonBodies('last') });
    const state = await one.run('wait-for-echoes');
    expect(state.refusals).toEqual([
      { client: 0, clientSeq: 2, reason: RefusedReason.tooLarge },
      { client: 0, clientSeq: 4, reason: RefusedReason.kind },
    ]);
    expect(movesIn(state)).toEqual(['fine', 'behind it', 'and behind that', 'last']);
  },
  TEST_MS,
);

test(
  'P16 P31 messages taken over from another seat are refused and dropped, and play continues',
  async () => {
    const both = await program.team();
    const one = await program.page();
    await program.enter(one, both.pythonPlayer, both.room);
    await one.run('move', { bodies: jsonBodies('mine') });
    await one.run('wait-for-echoes');
    await one.run('cut');
    await one.run('move', { bodies: jsonBodies('lost 1', 'lost 2', 'lost 3') });
    const two = await program.page([one]);
    await program.enter(two, both.mate, both.room);
    await two.run('move', { bodies: jsonBodies('of the mate') });
    const state = await two.run('wait-for-echoes');
    expect(state.unsent).toEqual([0, 0]);
    // Over one connection: a message that was renumbered and sent again would be refused with the same number.
    const { otherSeat: reason } = RefusedReason;
    expect(state.refusals).toEqual([2, 3, 4].map((clientSeq) => ({ client: 1, clientSeq, reason })));
    expect(movesIn(state)).toEqual(['mine', 'of the mate']);
  },
  TEST_MS,
);
