/**
 * The reducer of a room: applies records to a state. Pages, `stats` and tests run the same code, so
 * equal records give equal states everywhere.
 *
 * It never throws. A move is skipped, and reported with its seq, if its body is not JSON, if the rules
 * do not accept it, or if they throw. A skipped move changes nothing.
 */
import { Reader } from '../protocol/bytes.ts';
import { type LogRecord, readRecord, RecordKind } from '../protocol/record.ts';
import { randomFor } from './random.ts';
import { decodeJson, decodeText } from './text.ts';
import type { GameRules, MoveContext, Progress } from './rules.ts';
import type { ChatLine, Note } from './session-api.ts';

export interface SolvedPuzzle {
  readonly id: string;
  /** The seat whose move solved it. */
  readonly seat: number;
  /** Room time of that move, in milliseconds. */
  readonly ms: number;
  /** Milliseconds of play since the first move, without pauses. */
  readonly playMs: number;
}

/** The result of all records up to `seq`. Made by `newReplay`, changed only by `applyRecord`. */
export interface Replay<State> {
  /** The last record applied: its seq, the epoch it was written in, and its room time. */
  seq: number;
  epoch: number;
  ms: number;
  /** From the room's first record; null before it, or if it is not usable: then all moves are skipped. */
  seed: number | null;
  state: State | null;
  progress: Progress | null;
  /** In the order of solving. */
  readonly solved: SolvedPuzzle[];
  /** Seqs of the moves that were skipped. */
  readonly skipped: number[];
  /** Number of moves that were applied. */
  moves: number;
  /** Seats that made at least one such move. */
  readonly movers: Set<number>;
  /** Room time without pauses, in milliseconds: of the first move, and of the end of the game. */
  firstPlayMs: number | null;
  endPlayMs: number | null;
  /** Room time of the move that ended the game, or else of the finish record, in milliseconds. */
  finishedAtMs: number | null;
  /** A finish record was seen. */
  finishSeen: boolean;
  pausedMs: number;
  /** Room time at which the current pause began; null = not paused. */
  pausedSince: number | null;
  /** The last CHAT_LINES_MAX lines. */
  readonly chat: ChatLine[];
  /** By id, in the order of their first edit; at most NOTES_MAX. */
  readonly notes: Map<string, Note>;
}

export const CHAT_LINES_MAX = 500;
export const NOTES_MAX = 200;

/** Why a move was skipped: its body is not JSON; the rules' `parse` returned null; the rules threw. */
export type SkipReason = 'not-json' | 'not-a-move' | 'threw';
export type OnSkip = (seq: number, why: SkipReason, detail: string) => void;

/** `duplicate`: at or before the last record applied, ignored. `missingRecord`: records before it are missing, ignored. */
export type ApplyOutcome = 'applied' | 'duplicate' | 'missingRecord';

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

/** Time from the first move to the end of the game, without pauses; null until then. */
export function durationMs(replay: Replay<unknown>): number | null {
  if (replay.endPlayMs === null || replay.firstPlayMs === null) return null;
  return replay.endPlayMs - replay.firstPlayMs;
}

/** Play time at room time `roomMs`: since the first move, without pauses, until the end of the game. */
export function playedMs(replay: Replay<unknown>, roomMs: number): number {
  if (replay.firstPlayMs === null) return 0;
  return Math.max(0, (replay.endPlayMs ?? playMs(replay, roomMs)) - replay.firstPlayMs);
}

/** Applies all records in `bytes` in order and calls `each` after each one. `malformed` = the bytes are not records. */
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
): ApplyOutcome {
  if (record.seq <= replay.seq) return 'duplicate';
  if (record.seq > replay.seq + 1) return 'missingRecord';
  // The position advances first, so that this record is not applied twice.
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
    // Other kinds are for the server or for later releases.
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
  const skip = (why: SkipReason, detail: string): void => {
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
    // Computed before the state is replaced: if it throws, the whole move is skipped.
    const progress = state === replay.state ? replay.progress : rules.progress(state);
    if (progress !== replay.progress) recordProgress(replay, progress as Progress, record);
    replay.state = state;
    replay.progress = progress;
  } catch (error) {
    return skip('threw', String(error));
  }
  replay.moves++;
  replay.movers.add(seat);
  replay.firstPlayMs ??= playMs(replay, ms);
}

function recordProgress(replay: Replay<unknown>, progress: Progress, record: LogRecord): void {
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

/** Room time without pauses. */
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
