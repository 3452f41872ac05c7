/**
 * A signal carries two values: the position of the player's cursor, for the shell, and the game's own value. As JSON
 * `{"c":[x,y],"s":"stage","g":…}`, with x and y in thousandths of the stage.
 */
import { SIGNAL_BYTES_MAX } from '@escapement/sdk/protocol/signal.ts';

export interface Cursor {
  /** 0 … 1 */
  readonly x: number;
  readonly y: number;
  /** Name of the stage that the cursor is over; '' = the root. */
  readonly stage: string;
}

interface Packed {
  c?: readonly [number, number];
  s?: string;
  g?: unknown;
}

/** Returns null if there is nothing to send. If both values exceed SIGNAL_BYTES_MAX, the cursor is left out. */
export function packSignal(cursor: Cursor | null, game: unknown): unknown {
  const value: Packed = {};
  if (cursor) {
    value.c = [thousandths(cursor.x), thousandths(cursor.y)];
    if (cursor.stage !== '') value.s = cursor.stage;
  }
  if (game !== null && game !== undefined) value.g = game;
  if (value.c === undefined && value.g === undefined) return null;
  if (bytes(value) > SIGNAL_BYTES_MAX && value.c) {
    return value.g === undefined ? null : { g: value.g };
  }
  return value;
}

export function cursorOf(signal: unknown): Cursor | null {
  if (!isPacked(signal) || !Array.isArray(signal.c)) return null;
  const [x, y] = signal.c;
  if (typeof x !== 'number' || typeof y !== 'number') return null;
  return { x: x / 1_000, y: y / 1_000, stage: typeof signal.s === 'string' ? signal.s : '' };
}

export function gameValueOf(signal: unknown): unknown {
  return isPacked(signal) ? signal.g : undefined;
}

function isPacked(value: unknown): value is Packed {
  return typeof value === 'object' && value !== null;
}

function thousandths(share: number): number {
  return Math.round(1_000 * Math.min(1, Math.max(0, share)));
}

const encoder = new TextEncoder();

function bytes(value: unknown): number {
  return encoder.encode(JSON.stringify(value)).length;
}
