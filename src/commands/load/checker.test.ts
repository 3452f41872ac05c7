/** The checker by itself: a room that is told right and wrong things, by hand. */
import { beforeEach, describe, expect, test } from 'bun:test';
import { encodeRecord, type LogRecord, RecordKind, recordLength } from '../../../sdk/protocol/record.ts';
import { RoomChecker, UNSEEN_MAX, WINDOW } from './checker.ts';
import { makeBody, makeNoise } from './message.ts';
import { type Fault, FAULTS, Tally } from './tally.ts';

const PLAYERS = 3;
const ids = Array.from({ length: PLAYERS }, (_, player) => new Uint8Array(16).fill(player + 1));
const noise = makeNoise(7);
const LIVE = { nowMs: 10, live: true, late: false };

let tally: Tally;
let room: RoomChecker;
let log: LogRecord[];
/** Of each player. */
let clientSeqs: number[];

beforeEach(() => {
  tally = new Tally();
  room = new RoomChecker(tally, 'room 1', ids);
  log = [];
  clientSeqs = [0, 0, 0];
  write({ kind: RecordKind.open });
  for (const [player, body] of ids.entries()) write({ kind: RecordKind.client, client: player + 1, body });
  for (const record of log) everybody(record);
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

/** A player sends, and the room gives it a place. */
function message(player = 0): LogRecord {
  const body = bodyOf(log.length);
  expect(room.sending(player, body, false)).toBe(true);
  const clientSeq = (clientSeqs[player] = (clientSeqs[player] ?? 0) + 1);
  return write({ client: player + 1, clientSeq, body });
}

function tell(player: number, record: LogRecord, arrival = LIVE): void {
  const bytes = new Uint8Array(recordLength(record, record.body.length));
  encodeRecord(bytes, 0, record, record.body);
  room.took(player, record, bytes, arrival);
}

function everybody(record: LogRecord): void {
  for (let player = 0; player < PLAYERS; player++) tell(player, record);
}

function found(): Partial<Record<Fault, number>> {
  room.finish();
  return Object.fromEntries(
    FAULTS.filter((fault) => tally.faults[fault] > 0).map((f) => [f, tally.faults[f]]),
  );
}

describe('a room that is told right', () => {
  test('has no fault, and every delivery counts with its latency', () => {
    for (let count = 0; count < 30; count++) everybody(message(count % PLAYERS));
    expect(found()).toEqual({});
    expect(tally.firstFault).toBe(null);
    expect(tally.delivered).toBe(30 * PLAYERS);
    expect([tally.prompt.count, tally.prompt.max, tally.late.count]).toEqual([30 * PLAYERS, 5, 0]);
    expect(room.settled).toBe(true);
  });

  test('may say again in a replay what a player has', () => {
    const record = message();
    everybody(record);
    tell(1, record, { ...LIVE, live: false });
    expect(found()).toEqual({});
    expect(tally.delivered).toBe(PLAYERS);
  });

  test('keeps no more than its bounds, however much is said', () => {
    for (let count = 0; count < 3 * WINDOW; count++) everybody(message());
    expect(room.senders[0]?.unseen.length).toBe(0);
    expect(found()).toEqual({});
  });

  test('misses nothing where somebody was never in, be it halfway', () => {
    const record = message();
    for (const player of [0, 1]) tell(player, record);
    expect(room.settled).toBe(false);
    room.leaveOut(2);
    expect(room.settled).toBe(true);
    expect(found()).toEqual({});
  });

  test('is not sent more than is remembered', () => {
    for (let count = 0; count < UNSEEN_MAX; count++) message();
    expect(room.sending(0, bodyOf(0), false)).toBe(false);
    expect(room.settled).toBe(false);
  });

  test('a slow player far behind is right, too', () => {
    const records = Array.from({ length: WINDOW + 100 }, () => {
      const record = message();
      tell(0, record);
      tell(1, record);
      return record;
    });
    for (const record of records) tell(2, record, { ...LIVE, late: true });
    expect(found()).toEqual({});
    expect(tally.late.count).toBe(WINDOW + 100);
  });
});

describe('a planted fault is found:', () => {
  test('a delivery that one player does not get', () => {
    everybody(message());
    const lost = message();
    tell(0, lost);
    tell(1, lost);
    everybody(message());
    expect(found()).toEqual({ missing: 1 });
    expect(tally.firstFault).toBe('room 1, player 3: entry 7 came behind entry 5');
  });

  test('the last delivery, which nothing follows', () => {
    const last = message();
    tell(0, last);
    tell(1, last);
    expect(room.settled).toBe(false);
    expect(found()).toEqual({ missing: 1 });
  });

  test('a message that nobody gets', () => {
    message();
    expect(found()).toEqual({ missing: PLAYERS });
  });

  test('a delivery that comes twice', () => {
    const record = message();
    everybody(record);
    tell(1, record);
    expect(found()).toEqual({ twice: 1 });
    expect(tally.delivered).toBe(PLAYERS);
  });

  test('a message that gets two places', () => {
    const record = message();
    everybody(record);
    everybody(write({ ...record, seq: log.length + 1 }));
    expect(found()).toEqual({ twice: 1 });
  });

  test('two deliveries that are swapped for one player', () => {
    const [first, second] = [message(), message()];
    for (const player of [0, 1]) {
      tell(player, first);
      tell(player, second);
    }
    tell(2, second);
    tell(2, first);
    everybody(message());
    expect(found()).toEqual({ outOfOrder: 1 });
    expect(tally.delivered).toBe(3 * PLAYERS);
  });

  test('messages of a sender that the room puts in another order', () => {
    const [first, second] = [message(), message()];
    everybody({ ...second, seq: first.seq });
    everybody({ ...first, seq: second.seq });
    expect(found()).toEqual({ outOfOrder: 1 });
  });

  test('a delivery that is changed for one player', () => {
    const record = message();
    tell(0, record);
    tell(1, { ...record, body: bodyOf(999) });
    tell(2, record);
    expect(found()).toEqual({ different: 1 });
  });

  test('a delivery that is changed for one player far behind the others', () => {
    const records = Array.from({ length: WINDOW + 10 }, () => {
      const record = message();
      tell(0, record);
      tell(1, record);
      return record;
    });
    for (const [at, record] of records.entries()) tell(2, at === 3 ? { ...record, ms: 1 } : record);
    expect(found()).toEqual({ different: 1 });
  });

  test('a message that is changed for all', () => {
    everybody({ ...message(), body: bodyOf(999) });
    expect(found()).toEqual({ changed: 1 });
  });

  test('two messages at different places for different players', () => {
    const [first, second] = [message(0), message(1)];
    tell(0, first);
    tell(0, second);
    for (const player of [1, 2]) {
      tell(player, { ...second, seq: first.seq });
      tell(player, { ...first, seq: second.seq });
    }
    expect(found()).toEqual({ different: 4 });
  });

  test('a message that nobody sent', () => {
    everybody(write({ client: 1, clientSeq: 1, body: bodyOf(1) }));
    expect(found()).toEqual({ unknown: 1 });
  });

  test('a position that does not hold', () => {
    everybody(message());
    room.reset(1);
    for (const record of log) tell(1, record, { ...LIVE, live: false });
    expect(found()).toEqual({ resets: 1 });
    expect(tally.delivered).toBe(PLAYERS);
  });
});
