/** Tests of the reducer. */
import { expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { Reader, Writer } from '../protocol/bytes.ts';
import { encodeRecord, readRecord, RecordKind, recordLength } from '../protocol/record.ts';
import { addingGame, type AddingState } from '../test/adding-game.ts';
import {
  applyRecord,
  CHAT_LINES_MAX,
  durationMs,
  playedMs,
  newReplay,
  NOTES_MAX,
  replayRecords,
  type Replay,
} from './reducer.ts';
import type { GameRules } from './rules.ts';

interface Entry {
  readonly kind: number;
  readonly ms?: number;
  readonly seat?: number;
  readonly body?: unknown;
}

const open: Entry = { kind: RecordKind.open, body: { seed: 7, options: {} } };
const move = (n: number, ms = 0, seat = 1): Entry => ({
  kind: RecordKind.move,
  ms,
  seat,
  body: { type: 'add', n },
});

function encode(entries: readonly Entry[], firstSeq = 1): Uint8Array {
  const writer = new Writer();
  for (const [at, { kind, ms = 0, seat = 0, body }] of entries.entries()) {
    const bytes = body instanceof Uint8Array ? body : new TextEncoder().encode(text(body));
    const header = { kind, seq: firstSeq + at, ms, seat, client: 0, clientSeq: 0 };
    const record = new Uint8Array(recordLength(header, bytes.length));
    encodeRecord(record, 0, header, bytes);
    writer.raw(record);
  }
  return writer.done();
}

const text = (body: unknown): string => (typeof body === 'string' ? body : (JSON.stringify(body) ?? ''));

function play(entries: readonly Entry[], skips: string[] = []): Replay<AddingState> {
  const replay = newReplay<AddingState>();
  const onSkip = (seq: number, why: string) => skips.push(`${seq} ${why}`);
  expect(replayRecords(replay, encode(entries), addingGame, onSkip)).toBe('ok');
  return replay;
}

test('moves that are not JSON, not accepted or thrown on are skipped with their seq and change nothing', () => {
  const skips: string[] = [];
  const bad = ['{', { type: 'jump' }, { type: 'throw' }, new Uint8Array([0xff, 0xfe])];
  const replay = play([open, move(1), ...bad.map((body) => ({ kind: RecordKind.move, body }))], skips);
  expect(replay.state?.sum).toBe(1);
  expect(replay.skipped).toEqual([3, 4, 5, 6]);
  expect(skips).toEqual(['3 not-json', '4 not-a-move', '5 threw', '6 not-json']);
  expect(replay.moves).toBe(1);
});

test('rules whose parse or progress throws skip the move as a whole', () => {
  const rules: GameRules<AddingState, { n: number }> = {
    ...addingGame,
    parse: (value) => {
      if ((value as { n: number }).n === 1) throw new Error('parse');
      return value as { n: number };
    },
    apply: (state, { n }) => ({ ...state, sum: state.sum + n }),
    progress: (state) => {
      if (state.sum === 2) throw new Error('progress');
      return addingGame.progress(state);
    },
  };
  const replay = newReplay<AddingState>();
  replayRecords(replay, encode([open, move(1), move(2), move(5)]), rules, () => {});
  expect(replay.state?.sum).toBe(5);
  expect(replay.skipped).toEqual([2, 3]);
});

test('a record at or before the position is a duplicate; one after a missing record is rejected; both change nothing', () => {
  const replay = play([open, move(1)]);
  const record = (seq: number) => readRecord(new Reader(encode([move(9)], seq)));
  for (const [seq, outcome] of [
    [2, 'duplicate'],
    [4, 'missingRecord'],
    [3, 'applied'],
  ] as const) {
    const found = record(seq);
    expect(found && applyRecord(replay, found, addingGame, () => {})).toBe(outcome);
  }
  expect(replay.state?.sum).toBe(10);
});

test('bytes that are not records are malformed', () => {
  const bytes = encode([open, move(1)]);
  const onSkip = () => {};
  expect(replayRecords(newReplay(), bytes.subarray(0, -1), addingGame, onSkip)).toBe('malformed');
  expect(replayRecords(newReplay(), encode([open, move(1)], 2), addingGame, onSkip)).toBe('missingRecord');
});

test('the epoch of the position is that of the last epoch record', () => {
  const epoch = { kind: RecordKind.epoch, body: new Writer().varint(1_800_000_000).done() };
  expect(play([open, epoch, move(1)])).toMatchObject({ seq: 3, epoch: 1_800_000_000 });
});

test('random numbers depend on seed and seq: equal logs give equal numbers, other seqs and seeds differ', () => {
  const roll = { kind: RecordKind.move, body: { type: 'roll' } };
  const chances = play([open, roll, roll]).state?.chances ?? [];
  expect(play([open, roll, roll]).state?.chances).toEqual(chances);
  expect(new Set(chances).size).toBe(4);
  expect(play([{ ...open, body: { seed: 8 } }, roll, roll]).state?.chances).not.toEqual(chances);
});

test('the duration is the time from the first move to the one that ended the game, without pauses', () => {
  const replay = play([
    open,
    { kind: RecordKind.pause, ms: 1_000 },
    { kind: RecordKind.resume, ms: 2_000 },
    move(5, 10_000),
    { kind: RecordKind.pause, ms: 20_000 },
    { kind: RecordKind.pause, ms: 25_000 },
    { kind: RecordKind.resume, ms: 50_000 },
    { kind: RecordKind.resume, ms: 55_000 },
    move(5, 60_000, 2),
    move(10, 70_000),
    move(1, 99_000),
  ]);
  expect(durationMs(replay)).toBe(30_000);
  expect(replay.finishedAtMs).toBe(70_000);
  expect(replay.solved).toEqual([
    { id: 'ten', seat: 2, ms: 60_000, playMs: 20_000 },
    { id: 'twenty', seat: 1, ms: 70_000, playMs: 30_000 },
  ]);
  expect([...replay.movers]).toEqual([1, 2]);
});

test('a finish record ends a game that is not done by its rules; the first end counts', () => {
  const finish = (ms: number) => ({ kind: RecordKind.finish, ms });
  const replay = play([open, move(1, 1_000), finish(9_000), finish(12_000)]);
  expect(replay).toMatchObject({ finishSeen: true, finishedAtMs: 9_000 });
  expect(durationMs(replay)).toBe(8_000);
  expect(durationMs(play([open, move(1, 1_000)]))).toBeNull();
});

test('the play time starts with the first move and stops in pauses and at the end', () => {
  expect(playedMs(play([open]), 5_000)).toBe(0);
  const running = play([open, move(1, 10_000)]);
  expect(playedMs(running, 12_000)).toBe(2_000);
  const paused = play([open, move(1, 10_000), { kind: RecordKind.pause, ms: 15_000 }]);
  expect(playedMs(paused, 40_000)).toBe(5_000);
  const over = play([open, move(1, 1_000), { kind: RecordKind.finish, ms: 9_000 }]);
  expect(playedMs(over, 60_000)).toBe(8_000);
});

test('the state does not depend on chat and notes, erased or not (I11)', () => {
  const personal = (kind: number, body: unknown) => ({ kind, seat: 1, body });
  const note = personal(RecordKind.note, { id: 'a', text: 'b' });
  const written = play([open, personal(RecordKind.chat, 'hi'), move(3), note]);
  const blanked = play([open, personal(RecordKind.chat, ''), move(3), personal(RecordKind.note, '')]);
  expect(blanked.state).toEqual(written.state as AddingState);
  expect(written.chat).toHaveLength(1);
  expect(blanked.chat).toHaveLength(0);
  expect(blanked.notes.size).toBe(0);
});

test('the numbers of chat lines and notes are limited', () => {
  const chat = Array.from({ length: CHAT_LINES_MAX + 5 }, (_, n) => ({
    kind: RecordKind.chat,
    body: `${n}`,
  }));
  const notes = Array.from({ length: NOTES_MAX + 5 }, (_, n) => ({
    kind: RecordKind.note,
    body: { id: `${n}`, text: 'x' },
  }));
  const replay = play([open, ...chat, ...notes]);
  expect(replay.chat).toHaveLength(CHAT_LINES_MAX);
  expect(replay.chat[0]?.text).toBe('5');
  expect(replay.notes.size).toBe(NOTES_MAX);
});

test('a room whose first record is not usable has no state, and its moves are skipped', () => {
  const skips: string[] = [];
  const replay = play([{ kind: RecordKind.open, body: 'x' }, move(1)], skips);
  expect(replay.state).toBeNull();
  expect(skips).toEqual(['1 not-json', '2 threw']);
});

test('no sequence of bytes makes the reducer throw', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ kind: fc.nat({ max: 31 }), body: fc.json() })), (entries) => {
      const replay = newReplay<AddingState>();
      replayRecords(replay, encode([open, ...entries]), addingGame, () => {});
      expect(replay.seq).toBe(entries.length + 1);
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      replayRecords(newReplay(), bytes, addingGame, () => {});
    }),
  );
});
