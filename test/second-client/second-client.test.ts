/**
 * A client written from docs/protocol.md alone, in another language, with nothing but its standard
 * library, against the running program: if a stranger can play from the document, it says enough,
 * and if both clients see the same, it says what is true.
 */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { join } from 'node:path';
import { RecordKind, type LogRecord } from '../../sdk/protocol/record.ts';
import { RefusedReason } from '../../sdk/protocol/refused.ts';
import { ROOT } from '../support/processes/command-line.ts';
import type { Draft, RoomClient } from '../support/clients/room-client.ts';
import { siteVisitor } from '../support/clients/site-visitor.ts';
import { Scene, TEST_MS, words } from './scene.ts';
import type { LogLine, PageState, SecondPage } from './second-client.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await Scene.open();
}, TEST_MS);
afterAll(() => scene.close(), TEST_MS);

function say(client: RoomClient, ...texts: string[]): readonly Draft[] {
  return words(...texts).map((text) => client.send(RecordKind.move, Buffer.from(text)));
}

/** As the second client tells its log. */
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

/** The moves in a log, in order, as the texts that were sent. */
function movesIn({ log }: PageState): readonly string[] {
  return log
    .filter(([, kind]) => kind === RecordKind.move)
    .map(([, , , , , , body]) => JSON.parse(Buffer.from(body, 'hex').toString()) as string);
}

/** Both have the same log. */
async function expectSame(one: SecondPage, other: RoomClient): Promise<PageState> {
  const state = await one.do('has', { seq: other.records.length });
  await other.has(state.seq);
  expect(state.log).toEqual(logOf(other.records));
  return state;
}

test('P4 P5 P21 a stranger reads and writes all byte sequences of the document', async () => {
  const names = await scene.second.ask<readonly string[]>({
    do: 'vectors',
    document: join(ROOT, 'docs', 'protocol.md'),
  });
  expect(names.length).toBeGreaterThanOrEqual(20);
  expect(new Set(names)).toContain('chunk');
});

test(
  'P8 P12 P15 P22 P46 P48 hello and join: welcome, everything, live, and the time of the room',
  async () => {
    const { room, stranger } = await scene.team();
    const one = await scene.page();
    const state = await scene.enter(one, stranger, room);
    expect(state.welcome).toMatchObject({ version: 1, resumed: 0, seat: 1, role: 0, seq: state.seq });
    expect(state.welcome?.clients).toEqual([{ number: 0, lastSeq: 0 }]);
    expect(state.seen[0]).toBe('welcome');
    expect(state.log.slice(0, 2).map(([seq, kind]) => [seq, kind])).toEqual([
      [1, RecordKind.open],
      [2, RecordKind.epoch],
    ]);
    expect(state.epoch).toBe(state.welcome?.epoch ?? -1);
    const told = await one.do('frame', { name: 'presence' });
    expect(told.presence?.seats).toMatchObject([
      { seat: 1, name: 'Stranger', online: 1 },
      { seat: 2, name: 'Mate', online: 0 },
    ]);
    await one.do('say', { name: 'ping', values: { token: 77 } });
    expect((await one.do('frame', { name: 'heartbeat' })).heartbeat?.token).toBe(77);
  },
  TEST_MS,
);

test(
  'a join call says what to do when there is no way in',
  async () => {
    const { room } = await scene.team();
    const { ok, then: verdict } = await scene.join(siteVisitor(scene.site), room);
    expect([ok, verdict]).toEqual([false, 'stop']);
  },
  TEST_MS,
);

test(
  'P29 P30 P33 P44 moves and signals of both clients are seen by both, in one order',
  async () => {
    const both = await scene.team();
    const one = await scene.page();
    await scene.enter(one, both.stranger, both.room);
    const mate = await scene.mateIn(both);
    for (let turn = 1; turn <= 20; turn++) {
      say(mate, `mate ${turn}`);
      await one.do('move', { bodies: words(`stranger ${turn}`) });
    }
    await one.do('move', { kind: RecordKind.chat, bodies: words('Grüße, Zoë') });
    await mate.echoed();
    await one.do('echoed');
    await mate.has((await one.state()).seq);
    const state = await expectSame(one, mate);
    const moves = movesIn(state);
    for (const who of ['mate', 'stranger']) {
      const own = moves.filter((text) => text.startsWith(who));
      expect(own).toEqual(Array.from({ length: 20 }, (_, turn) => `${who} ${turn + 1}`));
    }
    // A second page of the stranger, in another seat's sight: its cursor is seen, then gone.
    const watcher = await scene.page();
    await scene.enter(watcher, both.mate, both.room);
    await one.do('signal', { value: '0a0b' });
    const seen = await watcher.do('frame', { name: 'signals' });
    expect(seen.signals).toEqual([[1, '0a0b']]);
    await mate.leave();
  },
  TEST_MS,
);

test(
  'P17 P26 P35 P36 a lost echo: the resend makes no duplicate, and only the rest comes',
  async () => {
    const both = await scene.team();
    const mate = await scene.mateIn(both);
    const one = await scene.page();
    await scene.enter(one, both.stranger, both.room);
    await one.do('move', { bodies: words('first') });
    const before = await one.do('echoed');
    await one.do('move', { bodies: words('second', 'third') });
    // The mate has them, so they are durable; the stranger's network is gone before it reads a byte.
    await mate.until('the three', () => moveCount(mate) === 3);
    await one.do('drop');
    expect((await one.state()).unsent).toEqual([2]);
    say(mate, 'meanwhile');
    await mate.echoed();
    await one.do('again');
    await one.do('live');
    const after = await one.do('echoed');
    expect(after.welcome).toMatchObject({ resumed: 1, clients: [{ lastSeq: 3 }] });
    // What comes first may begin before the position (P21), but it is not the beginning.
    expect(after.firstSeq).toBeGreaterThan(1);
    expect(after.firstSeq).toBeLessThanOrEqual(before.seq + 1);
    // As if the welcome had not said it: the same frames once more, and then something new.
    for (const seq of [1, 2, 3]) await one.do('raw', { hex: sendHex(seq, words('again')[0] ?? '') });
    await one.do('move', { bodies: words('fourth') });
    await one.do('echoed');
    await mate.has((await one.state()).seq);
    expect(movesIn(await expectSame(one, mate))).toEqual(['first', 'second', 'third', 'meanwhile', 'fourth']);
    await mate.leave();
  },
  TEST_MS,
);

function moveCount(client: RoomClient): number {
  return client.records.filter(({ kind }) => kind === RecordKind.move).length;
}

/** A send of client 0 with a one-byte client seq, by hand. */
function sendHex(clientSeq: number, text: string): string {
  return Buffer.concat([Buffer.of(0x21, 0, clientSeq, RecordKind.move), Buffer.from(text)]).toString('hex');
}

test(
  'P11 P39 messages of a page that is gone are sent by the next one under the old id, once',
  async () => {
    const both = await scene.team();
    const mate = await scene.mateIn(both);
    const one = await scene.page();
    await scene.enter(one, both.stranger, both.room);
    await one.do('move', { bodies: words('sent before it went') });
    await mate.until('the first', () => moveCount(mate) === 1);
    await one.do('drop');
    await one.do('move', { bodies: words('never sent') });
    const two = await scene.page([one]);
    const { unsent } = await two.state();
    expect(unsent).toEqual([0, 2]);
    await two.do('move', { bodies: words('its own') });
    await scene.enter(two, both.stranger, both.room);
    await two.do('echoed');
    await mate.until('all three', () => moveCount(mate) === 3);
    const state = await expectSame(two, mate);
    expect(movesIn(state)).toEqual(['sent before it went', 'never sent', 'its own']);
    const senders = state.log.filter(([, kind]) => kind === RecordKind.move).map((line) => line[4]);
    expect(senders[0]).toBe(senders[1]);
    expect(senders[2]).not.toBe(senders[0]);
    await mate.leave();
  },
  TEST_MS,
);

test(
  'P18 P26 a position of another epoch is no position: everything comes again',
  async () => {
    const both = await scene.team();
    const mate = await scene.mateIn(both);
    const one = await scene.page();
    await scene.enter(one, both.stranger, both.room);
    await one.do('move', { bodies: words('a', 'b') });
    const { epoch, seq } = await one.do('echoed');
    await one.do('drop');
    await one.do('pretend', { epoch: epoch - 1 });
    await one.do('again');
    const reset = await one.do('live');
    expect(reset.welcome?.resumed).toBe(0);
    expect(reset.firstSeq).toBe(1);
    expect(reset).toMatchObject({ epoch, seq });
    await expectSame(one, mate);
    await mate.leave();
  },
  TEST_MS,
);

test(
  'P20 P21 P22 P25 P38 a room archived over a restart: chunks, then the rest, then live; positions hold',
  async () => {
    const both = await scene.team();
    const mate = await scene.mateIn(both);
    const keeper = await scene.page();
    await scene.enter(keeper, both.stranger, both.room);
    for (let block = 0; block < 8; block++) {
      say(mate, ...Array.from({ length: 30 }, (_, n) => `${block}/${n} ${'x'.repeat(n * 5)}`));
      await mate.echoed();
    }
    await keeper.do('move', { bodies: words('kept') });
    const before = await keeper.do('echoed');
    await keeper.do('has', { seq: before.seq });
    await keeper.do('drop');
    await mate.leave();
    await scene.stop();
    await scene.start();

    const back = await scene.enter(keeper, both.stranger, both.room);
    expect(back.welcome).toMatchObject({ resumed: 1, clients: [{ lastSeq: 1 }] });
    expect(back.epoch).toBeGreaterThan(before.epoch);
    await mate.enter(scene.site, both.mate, both.room);
    say(mate, 'behind the archive');
    await mate.echoed();

    const fresh = await scene.page();
    const replayed = await scene.enter(fresh, both.stranger, both.room);
    const order = replayed.seen.filter((name) => name === 'chunk' || name === 'records' || name === 'live');
    expect(order.join(' ')).toMatch(/^chunk (chunk )*records (records )*live$/);
    expect(replayed.firstSeq).toBe(1);
    say(mate, 'live again');
    await mate.echoed();
    const state = await expectSame(fresh, mate);
    expect(movesIn(state).slice(-3)).toEqual(['kept', 'behind the archive', 'live again']);
    await keeper.do('has', { seq: state.seq });
    expect((await keeper.state()).log).toEqual(state.log as LogLine[]);
    await mate.leave();
  },
  TEST_MS,
);

test(
  'P37 messages out of turn are answered once, with where to go on',
  async () => {
    const both = await scene.team();
    const one = await scene.page();
    await scene.enter(one, both.stranger, both.room);
    await one.do('move', { bodies: words('first') });
    await one.do('echoed');
    for (const seq of [5, 6, 9]) await one.do('raw', { hex: sendHex(seq, '"skipped"') });
    expect((await one.do('frame', { name: 'expect' })).expect).toEqual({ client: 0, next: 2 });
    await one.do('say', { name: 'ping', values: { token: 5 } });
    const state = await one.do('frame', { name: 'heartbeat' });
    expect(state.seen.filter((name) => name === 'expect')).toHaveLength(1);
    await one.do('move', { bodies: words('second') });
    expect(movesIn(await one.do('echoed'))).toEqual(['first', 'second']);
  },
  TEST_MS,
);

test(
  'P53 two hundred moves made while it was away go out as the welcome allows: never stopped, never closed',
  async () => {
    const both = await scene.team();
    const mate = await scene.mateIn(both);
    const one = await scene.page();
    await scene.enter(one, both.stranger, both.room);
    await one.do('drop');
    const texts = Array.from({ length: 200 }, (_, n) => `move ${n + 1}`);
    await one.do('move', { bodies: words(...texts) });
    await one.do('again');
    await one.do('live');
    // Behind 200 moves at once the server would not read this one for 7 seconds.
    const asked = performance.now();
    await one.do('say', { name: 'ping', values: { token: 9 } });
    await one.do('frame', { name: 'heartbeat' });
    expect(performance.now() - asked).toBeLessThan(3_000);
    const state = await one.do('echoed');
    expect(state.code).toBeNull();
    await mate.has(state.seq);
    expect(movesIn(await expectSame(one, mate))).toEqual(texts);
    await mate.leave();
  },
  TEST_MS,
);

test(
  'P31 P34 P52 a refused message is taken out, and those behind it move up',
  async () => {
    const both = await scene.team();
    const one = await scene.page();
    await scene.enter(one, both.stranger, both.room);
    await one.do('move', { bodies: words('fine') });
    await one.do('move', { bodies: words('x'.repeat(4_100), 'behind it', 'and behind that') });
    await one.do('move', { kind: RecordKind.notice, bodies: words('not mine to say') });
    await one.do('move', { bodies: words('last') });
    const state = await one.do('echoed');
    expect(state.refusals).toEqual([
      { client: 0, clientSeq: 2, reason: RefusedReason.tooLarge },
      { client: 0, clientSeq: 4, reason: RefusedReason.kind },
    ]);
    expect(movesIn(state)).toEqual(['fine', 'behind it', 'and behind that', 'last']);
  },
  TEST_MS,
);

test(
  'P16 P31 messages taken over from another seat are refused for good: dropped, and play goes on',
  async () => {
    const both = await scene.team();
    const one = await scene.page();
    await scene.enter(one, both.stranger, both.room);
    await one.do('move', { bodies: words('mine') });
    await one.do('echoed');
    await one.do('drop');
    await one.do('move', { bodies: words('lost 1', 'lost 2', 'lost 3') });
    const two = await scene.page([one]);
    await scene.enter(two, both.mate, both.room);
    await two.do('move', { bodies: words('of the mate') });
    const state = await two.do('echoed');
    expect(state.unsent).toEqual([0, 0]);
    // Over one connection: one that moved up and came back would be refused under the same number.
    const { otherSeat: reason } = RefusedReason;
    expect(state.refusals).toEqual([2, 3, 4].map((clientSeq) => ({ client: 1, clientSeq, reason })));
    expect(movesIn(state)).toEqual(['mine', 'of the mate']);
  },
  TEST_MS,
);
