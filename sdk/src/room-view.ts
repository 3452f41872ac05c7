/**
 * What this page knows of the room. After a reset the log is replayed into a new replay, and the
 * old one stays on show until the new one is complete: the player never sees a half-built room.
 */
import type { PlayerInfo } from './client-api.ts';
import { type OnSkip, applyRecord, newReplay, type Replay } from './reducer.ts';
import { Reader } from '../protocol/bytes.ts';
import { type LogRecord, readRecord } from '../protocol/record.ts';
import type { GameRules } from './rules.ts';

export class RoomView<State, Move> {
  /** Null until the first replay is over. */
  shown: Replay<State> | null = null;
  /** Where records go; the same as `shown` once that has caught up. */
  building: Replay<State> = newReplay();
  players: readonly PlayerInfo[] = [];
  observers = 0;
  readonly #rules: GameRules<State, Move>;
  readonly #onSkip: OnSkip;

  constructor(rules: GameRules<State, Move>, onSkip: OnSkip) {
    this.#rules = rules;
    this.#onSkip = onSkip;
  }

  reset(): void {
    this.building = newReplay();
  }

  /** Applies a frame of records; null = all well, else why the connection is of no use. */
  take(frame: Uint8Array, each: (record: LogRecord) => void): string | null {
    const reader = new Reader(frame);
    while (!reader.atEnd) {
      const record = readRecord(reader);
      if (record === null) return 'malformed records';
      const at = this.building.seq;
      if (applyRecord(this.building, record, this.#rules, this.#onSkip) === 'gap') {
        return `gap: ${at} then ${record.seq}`;
      }
      each(record);
    }
    return null;
  }

  /** The replay reached `seq`; false = it did not, something is missing. */
  live(seq: number): boolean {
    if (this.building.seq < seq) return false;
    this.shown = this.building;
    return true;
  }
}
