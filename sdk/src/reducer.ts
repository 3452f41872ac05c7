/**
 * The pure reducer of a room: records in, state out. The same code runs in every page, in `stats`
 * and in tests, so equal records give equal states everywhere.
 *
 * It never throws. A move whose body is no JSON, that the rules do not know, or that the rules throw
 * on changes nothing, here as everywhere, and is reported with its seq.
 */
import { Reader } from '../protocol/bytes.ts';
import { type LogRecord, readRecord, RecordKind } from '../protocol/record.ts';
import { randomFor } from './random.ts';
import { decodeJson, decodeText } from './text.ts';
import type { GameRules, MoveContext, Progress } from './rules.ts';
import type { ChatLine, Note } from './session-api.ts';

export interface SolvedPuzzle {
  readonly id: string;
  /** Who made the move that solved it. */
  readonly seat: number;
  /** Room milliseconds of that move. */
  readonly ms: number;
  /** Milliseconds of play since the first move, pauses taken out. */
  readonly playMs: number;
}

/** Everything that the records up to `seq` say. Made by `newReplay`, changed only by `applyRecord`. */
export interface Replay<State> {
  /** The position: the last record applied, the epoch it was written in, its room milliseconds. */
  seq: number;
  epoch: number;
  ms: number;
  /** From the room's first record; null before it came or if it could not be used: then no move counts. */
  seed: number | null;
  state: State | null;
  progress: Progress | null;
  /** In the order in which they were solved. */
  readonly solved: SolvedPuzzle[];
  /** Seqs of the moves that were skipped. */
  readonly skipped: number[];
  /** Moves that the rules knew. */
  moves: number;
  /** Seats that made at least one of them. */
  readonly movers: Set<number>;
  /** Play milliseconds of the first move, and of the one that ended the game. */
  firstPlayMs: number | null;
  endPlayMs: number | null;
  /** Room milliseconds of the move that ended the game, or else of the finish record. */
  finishedAtMs: number | null;
  /** A finish record was seen. */
  finishSeen: boolean;
  pausedMs: number;
  /** Room milliseconds since when the room is paused. */
  pausedSince: number | null;
  /** The last CHAT_LINES_MAX lines. */
  readonly chat: ChatLine[];
  /** By id, in the order of their first edit; at most NOTES_MAX. */
  readonly notes: Map<string, Note>;
}

export const CHAT_LINES_MAX = 500;
export const NOTES_MAX = 200;

/** Why a move was skipped: no JSON; unknown to the rules; the rules threw. */
export type Skip = 'not-json' | 'not-a-move' | 'threw';
export type OnSkip = (seq: number, why: Skip, detail: string) => void;

/** `seen`: at or before the position, nothing done. `gap`: a record is missing before it, nothing done. */
export type Applied = 'applied' | 'seen' | 'missingRecord';

export function newReplay<State>(): Replay<State> {
  return {
    seq: 0,
    epoch: 0,
    ms: 0,
    seed: null,
    state: null,
    progress: null,
    solved: [],
    skipped: [],
    moves: 0,
    movers: new Set(),
    firstPlayMs: null,
    endPlayMs: null,
    finishedAtMs: null,
    finishSeen: false,
    pausedMs: 0,
    pausedSince: null,
    chat: [],
    notes: new Map(),
  };
}

/** From the first move to the one that ended the game, pauses taken out; null until then. */
export function durationMs(replay: Replay<unknown>): number | null {
  if (replay.endPlayMs === null || replay.firstPlayMs === null) return null;
  return replay.endPlayMs - replay.firstPlayMs;
}

/** Play so far at room time `roomMs`: from the first move, pauses taken out; stands still at the end. */
export function playedMs(replay: Replay<unknown>, roomMs: number): number {
  if (replay.firstPlayMs === null) return 0;
  return Math.max(0, (replay.endPlayMs ?? playMs(replay, roomMs)) - replay.firstPlayMs);
}

/** Applies all records in `bytes` and shows `each`, one after another. `malformed` = the bytes are not records. */
export function replayRecords<State, Move>(
  replay: Replay<State>,
  bytes: Uint8Array,
  rules: GameRules<State, Move>,
  onSkip: OnSkip,
  each?: (record: LogRecord) => void,
): 'ok' | 'missingRecord' | 'malformed' {
  const reader = new Reader(bytes);
  while (!reader.atEnd) {
    const record = readRecord(reader);
    if (record === null) return 'malformed';
    if (applyRecord(replay, record, rules, onSkip) === 'missingRecord') return 'missingRecord';
    each?.(record);
  }
  return 'ok';
}

export function applyRecord<State, Move>(
  replay: Replay<State>,
  record: LogRecord,
  rules: GameRules<State, Move>,
  onSkip: OnSkip,
): Applied {
  if (record.seq <= replay.seq) return 'seen';
  if (record.seq > replay.seq + 1) return 'missingRecord';
  // The position moves first: whatever happens below, this record is behind us.
  replay.seq = record.seq;
  replay.ms = record.ms;
  switch (record.kind) {
    case RecordKind.open:
      openRoom(replay, record, rules, onSkip);
      break;
    case RecordKind.epoch:
      replay.epoch = new Reader(record.body).varint();
      break;
    case RecordKind.move:
      applyMove(replay, record, rules, onSkip);
      break;
    case RecordKind.finish:
      replay.finishSeen = true;
      endGame(replay, record.ms);
      break;
    case RecordKind.pause:
      replay.pausedSince ??= record.ms;
      break;
    case RecordKind.resume:
      if (replay.pausedSince !== null) replay.pausedMs += record.ms - replay.pausedSince;
      replay.pausedSince = null;
      break;
    case RecordKind.chat:
      addChatLine(replay, record);
      break;
    case RecordKind.note:
      editNote(replay, record);
      break;
    // Other kinds matter to the server or to later releases.
  }
  return 'applied';
}

function openRoom<State>(
  replay: Replay<State>,
  record: LogRecord,
  rules: GameRules<State, unknown>,
  onSkip: OnSkip,
): void {
  const open = decodeJson(record.body) as { seed?: unknown; options?: unknown } | null | undefined;
  if (typeof open?.seed !== 'number') return onSkip(record.seq, 'not-json', 'the room has no seed');
  try {
    replay.state = rules.init({ seed: open.seed, options: open.options });
    replay.progress = rules.progress(replay.state);
    replay.seed = open.seed;
  } catch (error) {
    onSkip(record.seq, 'threw', String(error));
  }
}

function applyMove<State, Move>(
  replay: Replay<State>,
  record: LogRecord,
  rules: GameRules<State, Move>,
  onSkip: OnSkip,
): void {
  const { seq, ms, seat } = record;
  const skip = (why: Skip, detail: string): void => {
    replay.skipped.push(seq);
    onSkip(seq, why, detail);
  };
  const { seed } = replay;
  if (seed === null) return skip('threw', 'the room has no state');
  const value = decodeJson(record.body);
  if (value === undefined) return skip('not-json', '');
  try {
    const move = rules.parse(value);
    if (move === null) return skip('not-a-move', '');
    let random: (() => number) | null = null;
    const context: MoveContext = { seq, ms, seat, random: () => (random ??= randomFor(seed, seq))() };
    const state = rules.apply(replay.state as State, move, context);
    // Asked before the state is taken over: if it throws, the move is skipped as a whole.
    const progress = state === replay.state ? replay.progress : rules.progress(state);
    if (progress !== replay.progress) noteProgress(replay, progress as Progress, record);
    replay.state = state;
    replay.progress = progress;
  } catch (error) {
    return skip('threw', String(error));
  }
  replay.moves++;
  replay.movers.add(seat);
  replay.firstPlayMs ??= playMs(replay, ms);
}

function noteProgress(replay: Replay<unknown>, progress: Progress, record: LogRecord): void {
  const at = playMs(replay, record.ms);
  const before = replay.progress?.puzzles ?? [];
  for (const { id, state } of progress.puzzles) {
    if (state !== 'solved' || before.some((puzzle) => puzzle.id === id && puzzle.state === 'solved'))
      continue;
    if (replay.solved.some((solved) => solved.id === id)) continue;
    replay.solved.push({ id, seat: record.seat, ms: record.ms, playMs: at - (replay.firstPlayMs ?? at) });
  }
  if (progress.done && !replay.progress?.done) endGame(replay, record.ms);
}

function endGame(replay: Replay<unknown>, ms: number): void {
  replay.finishedAtMs ??= ms;
  replay.endPlayMs ??= playMs(replay, ms);
}

/** The clock that stands still while the room is paused. */
function playMs(replay: Replay<unknown>, ms: number): number {
  return (replay.pausedSince ?? ms) - replay.pausedMs;
}

function addChatLine(replay: Replay<unknown>, { seq, seat, ms, body }: LogRecord): void {
  // An erased line has an empty body.
  if (body.length === 0) return;
  replay.chat.push({ seq, seat, ms, text: decodeText(body) });
  if (replay.chat.length > CHAT_LINES_MAX) replay.chat.shift();
}

function editNote(replay: Replay<unknown>, { seat, body }: LogRecord): void {
  const edit = decodeJson(body) as { id?: unknown; text?: unknown } | null | undefined;
  if (typeof edit?.id !== 'string' || typeof edit.text !== 'string') return;
  if (edit.text === '') replay.notes.delete(edit.id);
  else if (replay.notes.size < NOTES_MAX || replay.notes.has(edit.id)) {
    replay.notes.set(edit.id, { id: edit.id, seat, text: edit.text });
  }
}
