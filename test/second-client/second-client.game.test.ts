/**
 * The Python client during a hold, a drain and as an observer: with a room server in this process, whose
 * log a test can make fail.
 */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { Close } from '../../sdk/protocol/close-codes.ts';
import { RecordKind } from '../../sdk/protocol/record.ts';
import { RefusedReason } from '../../sdk/protocol/refused.ts';
import { type RealGame, startRealGame, ticketFor } from '../support/in-process/real-game.ts';
import { InstrumentedRoomLog } from '../support/in-process/room-log.instrumented.ts';
import { type PageState, SecondClient, type SecondPage } from './second-client.ts';

const DRAIN_MS = 200;

let real: RealGame;
let log: InstrumentedRoomLog;
let second: SecondClient;
let rooms = 0;
let lastPage = 0;

beforeAll(async () => {
  second = SecondClient.start();
  real = await startRealGame({}, { wrapLog: (journal) => (log = new InstrumentedRoomLog(journal)) });
});
afterAll(async () => {
  await second.stop();
  await real.stop();
});

function newRoom(): string {
  const room = String.fromCharCode('a'.charCodeAt(0) + rooms++).repeat(20);
  real.addRoom(room);
  return room;
}

async function enter(room: string, who: { seat: number } | { observer: true }): Promise<SecondPage> {
  const page = await second.load(`page ${++lastPage}`);
  await page.enter(`ws://127.0.0.1:${real.port}/h/h1/r/${room}/ws`, ticketFor(room, who));
  return page;
}

function moves({ log: entries }: PageState): readonly string[] {
  return entries
    .filter(([, kind]) => kind === RecordKind.move)
    .map(([, , , , , , body]) => Buffer.from(body, 'hex').toString());
}

test('P19 P42 during a hold nothing is echoed, and everything is sent again afterwards', async () => {
  const room = newRoom();
  const ada = await enter(room, { seat: 1 });
  const ben = await enter(room, { seat: 2 });
  await ada.run('move', { bodies: ['before'] });
  await ben.run('wait-for-seq', { seq: (await ada.run('wait-for-echoes')).seq });

  // The log reports a hold; the append in flight is rejected, and later ones are not tried.
  log.nextAppends.push('refused');
  log.emitState('hold');
  await ada.run('move', { bodies: ['during'] });
  await ada.run('wait-for-frame', { name: 'hold' });
  expect(await ada.state()).toMatchObject({ isHeld: true, unsent: [1] });
  const late = await enter(room, { seat: 3 });
  expect((await late.state()).seen.slice(0, 2)).toEqual(['welcome', 'hold']);
  await ada.run('move', { bodies: ['and this'] });
  expect(moves(await late.state())).toEqual(['before']);

  log.nextAppends.length = 0;
  log.emitState('serving');
  const after = await ada.run('wait-for-echoes');
  expect(after.isHeld).toBe(false);
  for (const each of [ada, ben, late]) {
    expect(moves(await each.run('wait-for-seq', { seq: after.seq }))).toEqual([
      'before',
      'during',
      'and this',
    ]);
  }
});

test('P15 P45 an observer has seat 0, receives everything, and its messages are refused', async () => {
  const room = newRoom();
  const ada = await enter(room, { seat: 1 });
  const watcher = await enter(room, { observer: true });
  await ada.run('move', { bodies: ['seen'] });
  const { seq } = await ada.run('wait-for-echoes');
  const state = await watcher.run('wait-for-seq', { seq });
  expect(state.welcome).toMatchObject({ seat: 0, role: 1, clients: [{ number: 0, lastSeq: 0 }] });
  expect(moves(state)).toEqual(['seen']);
  await watcher.run('move', { bodies: ['not taken'] });
  const refused = await watcher.run('wait-for-frame', { name: 'refused' });
  expect(refused.refusals).toEqual([{ client: 0, clientSeq: 1, reason: RefusedReason.observer }]);
  expect((await watcher.run('wait-for-frame', { name: 'presence' })).presence?.observers).toBe(1);
});

test('P8 a socket without a hello is closed after five seconds and may reconnect', async () => {
  const page = await second.load('silent');
  await page.run('open', { address: `ws://127.0.0.1:${real.port}/h/h1/r/${newRoom()}/ws` });
  expect(await page.waitForClose()).toEqual({ code: Close.helloLate.code, next: 'reconnect' });
}, 20_000);

test('P10 P14 P58 an expired pass means join again; an unknown room means stop', async () => {
  const room = newRoom();
  const unknown = 'z'.repeat(20);
  const old = await second.load('old');
  const address = (id: string) => `ws://127.0.0.1:${real.port}/h/h1/r/${id}/ws`;
  await old.run('connect', { address: address(room), credential: ticketFor(room, { expires: 1_000 }) });
  expect(await old.waitForClose()).toEqual({ code: Close.ticketOld.code, next: 'rejoin' });
  await old.run('connect', { address: address(unknown), credential: ticketFor(unknown) });
  expect(await old.waitForClose()).toEqual({ code: Close.noSuchRoom.code, next: 'stop' });
});

test('P17 P58 P60 a host that drains: the page gets the notice, is closed, and reconnects with its pass', async () => {
  const room = newRoom();
  const page = await enter(room, { seat: 1 });
  await page.run('move', { bodies: ['before'] });
  await page.run('wait-for-echoes');
  await page.run('move', { bodies: ['on its way'] });
  const drained = real.game.drain({ windowMs: DRAIN_MS, batch: 10, everyMs: 10 });
  expect(await page.waitForClose()).toEqual({ code: Close.goingAway.code, next: 'reconnect' });
  const after = await page.state();
  expect(after.drainMs).toBe(DRAIN_MS);
  await drained;
  await real.restart();
  await page.run('set-address', { address: `ws://127.0.0.1:${real.port}/h/h1/r/${room}/ws` });
  await page.run('reconnect');
  await page.run('wait-for-live');
  expect(moves(await page.run('wait-for-echoes'))).toEqual(['before', 'on its way']);
});
