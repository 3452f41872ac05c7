/** The checker alone: records that a test makes by hand, correct and wrong ones. */
import { beforeEach, describe, expect, test } from 'bun:test';
import { encodeRecord, type LogRecord, RecordKind, recordLength } from '../../../sdk/protocol/record.ts';
import { RoomChecker, PENDING_MAX, WINDOW } from './checker.ts';
import { makeBody, makeNoise } from './message.ts';
import { type Fault, FAULTS, Counters } from './counters.ts';

const PLAYERS = 3;
const ids = Array.from({ length: PLAYERS }, (_, player) => new Uint8Array(16).fill(player + 1));
const noise = makeNoise(7);
const LIVE = { nowMs: 10, isLive: true, isLate: false };

let counters: Counters;
let room: RoomChecker;
let log: LogRecord[];
/** By player: its last client seq. */
let clientSeqs: number[];

beforeEach(() => {
  counters = new Counters();
  room = new RoomChecker(counters, 'room 1', ids);
  log = [];
  clientSeqs = [0, 0, 0];
  write({ kind: RecordKind.open });
  for (const [player, body] of ids.entries()) write({ kind: RecordKind.client, client: player + 1, body });
  for (const record of log) receiveAll(record);
});

function write(part: Partial<LogRecord>): LogRecord {
  const record = { kind: 16, seq: log.length + 1, ms: 0, seat: 1, client: 0, clientSeq: 0, ...part };
  const whole = { body: new Uint8Array(), ...record };
  log.push(whole);
  return whole;
}

function bodyOf(number: number): Uint8Array {
  return makeBody(noise, 40, 0.5, 5, number);
}

/** A player sends a message, and the room orders it. */
function message(player = 0): LogRecord {
  const body = bodyOf(log.length);
  expect(room.recordSent(player, body, false)).toBe(true);
  const clientSeq = (clientSeqs[player] = (clientSeqs[player] ?? 0) + 1);
  return write({ client: player + 1, clientSeq, body });
}

function receive(player: number, record: LogRecord, arrival = LIVE): void {
  const bytes = new Uint8Array(recordLength(record, record.body.length));
  encodeRecord(bytes, 0, record, record.body);
  room.receive(player, record, bytes, arrival);
}

function receiveAll(record: LogRecord): void {
  for (let player = 0; player < PLAYERS; player++) receive(player, record);
}

function found(): Partial<Record<Fault, number>> {
  room.finish();
  return Object.fromEntries(
    FAULTS.filter((fault) => counters.faults[fault] > 0).map((f) => [f, counters.faults[f]]),
  );
}

describe('a correct room', () => {
  test('has no fault, and every delivery counts with its latency', () => {
    for (let count = 0; count < 30; count++) receiveAll(message(count % PLAYERS));
    expect(found()).toEqual({});
    expect(counters.firstFault).toBe(null);
    expect(counters.delivered).toBe(30 * PLAYERS);
    expect([counters.regular.count, counters.regular.max, counters.late.count]).toEqual([30 * PLAYERS, 5, 0]);
    expect(room.isSettled).toBe(true);
  });

  test('may repeat entries in a replay', () => {
    const record = message();
    receiveAll(record);
    receive(1, record, { ...LIVE, isLive: false });
    expect(found()).toEqual({});
    expect(counters.delivered).toBe(PLAYERS);
  });

  test('needs bounded memory for any number of messages', () => {
    for (let count = 0; count < 3 * WINDOW; count++) receiveAll(message());
    expect(room.senders[0]?.pending.length).toBe(0);
    expect(found()).toEqual({});
  });

  test('is complete without a player that never connected, even if it got some entries', () => {
    const record = message();
    for (const player of [0, 1]) receive(player, record);
    expect(room.isSettled).toBe(false);
    room.exclude(2);
    expect(room.isSettled).toBe(true);
    expect(found()).toEqual({});
  });

  test('gets no more messages than the checker can hold', () => {
    for (let count = 0; count < PENDING_MAX; count++) message();
    expect(room.recordSent(0, bodyOf(0), false)).toBe(false);
    expect(room.isSettled).toBe(false);
  });

  test('may have a slow player that is far behind', () => {
    const records = Array.from({ length: WINDOW + 100 }, () => {
      const record = message();
      receive(0, record);
      receive(1, record);
      return record;
    });
    for (const record of records) receive(2, record, { ...LIVE, isLate: true });
    expect(found()).toEqual({});
    expect(counters.late.count).toBe(WINDOW + 100);
  });
});

describe('an injected fault is detected:', () => {
  test('a delivery that one player does not get', () => {
    receiveAll(message());
    const lost = message();
    receive(0, lost);
    receive(1, lost);
    receiveAll(message());
    expect(found()).toEqual({ missing: 1 });
    expect(counters.firstFault).toBe('room 1, player 3: entry 7 followed entry 5');
  });

  test('the last delivery, which no other follows', () => {
    const last = message();
    receive(0, last);
    receive(1, last);
    expect(room.isSettled).toBe(false);
    expect(found()).toEqual({ missing: 1 });
  });

  test('a message that no player gets', () => {
    message();
    expect(found()).toEqual({ missing: PLAYERS });
  });

  test('a delivery that comes twice', () => {
    const record = message();
    receiveAll(record);
    receive(1, record);
    expect(found()).toEqual({ twice: 1 });
    expect(counters.delivered).toBe(PLAYERS);
  });

  test('a message that gets two seqs', () => {
    const record = message();
    receiveAll(record);
    receiveAll(write({ ...record, seq: log.length + 1 }));
    expect(found()).toEqual({ twice: 1 });
  });

  test('two deliveries that are swapped for one player', () => {
    const [first, second] = [message(), message()];
    for (const player of [0, 1]) {
      receive(player, first);
      receive(player, second);
    }
    receive(2, second);
    receive(2, first);
    receiveAll(message());
    expect(found()).toEqual({ outOfOrder: 1 });
    expect(counters.delivered).toBe(3 * PLAYERS);
  });

  test('messages of a sender that the room puts in another order', () => {
    const [first, second] = [message(), message()];
    receiveAll({ ...second, seq: first.seq });
    receiveAll({ ...first, seq: second.seq });
    expect(found()).toEqual({ outOfOrder: 1 });
  });

  test('a delivery that is changed for one player', () => {
    const record = message();
    receive(0, record);
    receive(1, { ...record, body: bodyOf(999) });
    receive(2, record);
    expect(found()).toEqual({ different: 1 });
  });

  test('a delivery that is changed for one player far behind the others', () => {
    const records = Array.from({ length: WINDOW + 10 }, () => {
      const record = message();
      receive(0, record);
      receive(1, record);
      return record;
    });
    for (const [at, record] of records.entries()) receive(2, at === 3 ? { ...record, ms: 1 } : record);
    expect(found()).toEqual({ different: 1 });
  });

  test('a message that is changed for all', () => {
    receiveAll({ ...message(), body: bodyOf(999) });
    expect(found()).toEqual({ changed: 1 });
  });

  test('two messages with different seqs for different players', () => {
    const [first, second] = [message(0), message(1)];
    receive(0, first);
    receive(0, second);
    for (const player of [1, 2]) {
      receive(player, { ...second, seq: first.seq });
      receive(player, { ...first, seq: second.seq });
    }
    expect(found()).toEqual({ different: 4 });
  });

  test('a message that nobody sent', () => {
    receiveAll(write({ client: 1, clientSeq: 1, body: bodyOf(1) }));
    expect(found()).toEqual({ unknown: 1 });
  });

  test('a position that is not accepted', () => {
    receiveAll(message());
    room.reset(1);
    for (const record of log) receive(1, record, { ...LIVE, isLive: false });
    expect(found()).toEqual({ resets: 1 });
    expect(counters.delivered).toBe(PLAYERS);
  });
});
