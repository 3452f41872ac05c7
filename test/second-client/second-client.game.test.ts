/**
 * What the client in Python does when a room cannot store, when its host is about to close, and when
 * it only watches: with a room server in this process, whose log a test can hold back.
 */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { Close } from '../../sdk/protocol/close-codes.ts';
import { RecordKind } from '../../sdk/protocol/record.ts';
import { RefusedReason } from '../../sdk/protocol/refused.ts';
import { type RealGame, startRealGame, ticketFor } from '../support/in-process/real-game.ts';
import { SwitchedRoomLog } from '../support/in-process/room-log.switched.ts';
import { type PageState, SecondClient, type SecondPage } from './second-client.ts';

const DRAIN_MS = 200;

let real: RealGame;
let log: SwitchedRoomLog;
let second: SecondClient;
let rooms = 0;
let loaded = 0;

beforeAll(async () => {
  second = SecondClient.start();
  real = await startRealGame({}, { log: (journal) => (log = new SwitchedRoomLog(journal)) });
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
  const page = await second.load(`page ${++loaded}`);
  await page.enter(`ws://127.0.0.1:${real.port}/h/h1/r/${room}/ws`, ticketFor(room, who));
  return page;
}

function moves({ log: entries }: PageState): readonly string[] {
  return entries
    .filter(([, kind]) => kind === RecordKind.move)
    .map(([, , , , , , body]) => Buffer.from(body, 'hex').toString());
}

test('P19 P42 a room that cannot store: held, nothing of it shown, and all of it sent again afterwards', async () => {
  const room = newRoom();
  const ada = await enter(room, { seat: 1 });
  const ben = await enter(room, { seat: 2 });
  await ada.do('move', { bodies: ['before'] });
  await ben.do('has', { seq: (await ada.do('echoed')).seq });

  // The log says that it cannot; the append under way is refused, and later ones are not even tried.
  log.nextAppends.push('refused');
  log.say('hold');
  await ada.do('move', { bodies: ['during'] });
  await ada.do('frame', { name: 'hold' });
  expect(await ada.state()).toMatchObject({ held: true, unsent: [1] });
  const late = await enter(room, { seat: 3 });
  expect((await late.state()).seen.slice(0, 2)).toEqual(['welcome', 'hold']);
  await ada.do('move', { bodies: ['and this'] });
  expect(moves(await late.state())).toEqual(['before']);

  log.nextAppends.length = 0;
  log.say('serving');
  const told = await ada.do('echoed');
  expect(told.held).toBe(false);
  for (const each of [ada, ben, late]) {
    expect(moves(await each.do('has', { seq: told.seq }))).toEqual(['before', 'during', 'and this']);
  }
});

test('P15 P45 who only watches has seat 0, sees everything, and is refused', async () => {
  const room = newRoom();
  const ada = await enter(room, { seat: 1 });
  const watcher = await enter(room, { observer: true });
  await ada.do('move', { bodies: ['seen'] });
  const { seq } = await ada.do('echoed');
  const state = await watcher.do('has', { seq });
  expect(state.welcome).toMatchObject({ seat: 0, role: 1, clients: [{ number: 0, lastSeq: 0 }] });
  expect(moves(state)).toEqual(['seen']);
  await watcher.do('move', { bodies: ['not taken'] });
  const refused = await watcher.do('frame', { name: 'refused' });
  expect(refused.refusals).toEqual([{ client: 0, clientSeq: 1, reason: RefusedReason.observer }]);
  expect((await watcher.do('frame', { name: 'presence' })).presence?.observers).toBe(1);
});

test('P8 a socket without a hello is closed after five seconds, and may come back', async () => {
  const page = await second.load('silent');
  await page.do('open', { address: `ws://127.0.0.1:${real.port}/h/h1/r/${newRoom()}/ws` });
  expect(await page.closed()).toEqual({ code: Close.helloLate.code, next: 'again' });
}, 20_000);

test('P10 P14 P58 a pass too old means join again; a room that is not there means stop', async () => {
  const room = newRoom();
  const unknown = 'z'.repeat(20);
  const old = await second.load('old');
  const address = (id: string) => `ws://127.0.0.1:${real.port}/h/h1/r/${id}/ws`;
  await old.do('connect', { address: address(room), credential: ticketFor(room, { expires: 1_000 }) });
  expect(await old.closed()).toEqual({ code: Close.ticketOld.code, next: 'join' });
  await old.do('connect', { address: address(unknown), credential: ticketFor(unknown) });
  expect(await old.closed()).toEqual({ code: Close.noSuchRoom.code, next: 'stop' });
});

test('P17 P58 P60 a host that drains: told, closed, and back with the pass at the next one', async () => {
  const room = newRoom();
  const page = await enter(room, { seat: 1 });
  await page.do('move', { bodies: ['before'] });
  await page.do('echoed');
  await page.do('move', { bodies: ['on its way'] });
  const drained = real.game.drain({ windowMs: DRAIN_MS, batch: 10, everyMs: 10 });
  expect(await page.closed()).toEqual({ code: Close.goingAway.code, next: 'again' });
  const told = await page.state();
  expect(told.drainMs).toBe(DRAIN_MS);
  await drained;
  await real.restart();
  await page.do('moved', { address: `ws://127.0.0.1:${real.port}/h/h1/r/${room}/ws` });
  await page.do('again');
  await page.do('live');
  expect(moves(await page.do('echoed'))).toEqual(['before', 'on its way']);
});
