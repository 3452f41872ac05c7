/**
 * The connection of one page to one room: what the play page uses. Made by `openSession` in
 * session.ts; everything the outside world gives comes in through `Environment`, so that the same
 * code runs in a browser, in tests and in a simulation.
 */
import type { PlayerInfo, PlayStatus } from './client-api.ts';
import type { GameRules, Progress } from './rules.ts';

/** What `POST /api/rooms/<room>/join` answers. */
export type JoinAnswer =
  | { readonly ok: true; readonly socket: string; readonly ticket: string }
  /** `retry` = try again with backoff; `stop` = show the code's text, do not come back. */
  | { readonly ok: false; readonly code: string; readonly then: 'retry' | 'stop' };

/** A socket as the session needs it; the browser's WebSocket fits through a thin adapter. */
export interface SessionSocket {
  send(frame: Uint8Array<ArrayBuffer>): void;
  close(): void;
}
export interface SessionSocketEvents {
  opened(): void;
  message(frame: Uint8Array): void;
  closed(code: number, reason: string): void;
}

/** A message not yet echoed, as the outbox keeps it. */
export interface StoredSend {
  readonly clientSeq: number;
  readonly kind: number;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** What a client id has not seen echoed. */
export interface StoredOutbox {
  readonly client: string;
  readonly sends: readonly StoredSend[];
}

/** The outboxes of this device for one room, by client id (hex). IndexedDB in browsers. */
export interface OutboxStore {
  /** The client's messages are now exactly these; none = forget the client. Calls take effect in order. */
  save(client: string, sends: readonly StoredSend[]): Promise<void>;
  /**
   * Takes over the outboxes whose pages are gone, each under a lock held as long as this page
   * lives, so that two tabs never send for the same client. At most `max`, none twice.
   */
  adopt(max: number): Promise<readonly StoredOutbox[]>;
}

export interface Environment {
  /** Monotonic milliseconds. */
  now(): number;
  after(ms: number, run: () => void): () => void;
  random(): number;
  randomBytes(length: number): Uint8Array<ArrayBuffer>;
  connect(url: string, events: SessionSocketEvents): SessionSocket;
  inflate(deflated: Uint8Array): Promise<Uint8Array>;
  outbox: OutboxStore;
  /** Calls on: network back or lost, page visible again after sleep. */
  onWake(listener: (why: 'online' | 'offline' | 'visible') => void): () => void;
}

export interface ChatLine {
  readonly seq: number;
  readonly seat: number;
  readonly ms: number;
  readonly text: string;
}
/** A line of the shared notepad; the last edit of an id wins, an empty text removes it. */
export interface Note {
  readonly id: string;
  readonly seat: number;
  readonly text: string;
}

export interface SessionOptions<State, Move> {
  readonly room: string;
  readonly rules: GameRules<State, Move>;
  readonly environment: Environment;
  join(): Promise<JoinAnswer>;
  /** Errors of rules, reconnects and their causes: for the report endpoint. */
  report(kind: string, detail: string): void;
}

export interface Session<State, Move> {
  /** null until the first replay is over. */
  state(): State | null;
  progress(): Progress | null;
  pending(): readonly Move[];
  send(move: Move): void;
  chat(): readonly ChatLine[];
  sendChat(text: string): void;
  notes(): readonly Note[];
  sendNote(id: string, text: string): void;
  /** Chat lines and notes not yet echoed are counted here, too. */
  unsent(): number;
  signal(value: unknown): void;
  signals(): ReadonlyMap<number, unknown>;
  players(): readonly PlayerInfo[];
  observers(): number;
  seat(): number;
  observer(): boolean;
  status(): PlayStatus;
  /** With `stopped`: the close code or join code that says why. */
  stopCode(): string | null;
  /** When the next attempt to connect is due, in ms from now; null unless offline. */
  retryInMs(): number | null;
  retryNow(): void;
  roomMs(): number;
  /** Set once a finish record or a done state is seen: ms of the move that ended the game. */
  finishedAtMs(): number | null;
  /** From the first move to the one that ended the game, pauses taken out; null until then. */
  durationMs(): number | null;
  /** The same clock while it runs: milliseconds of play until now; 0 before the first move. */
  playedMs(): number;
  /**
   * When each puzzle was first seen solved, in room time and in play time (since the first move,
   * pauses taken out), and by which seat.
   */
  solved(): readonly {
    readonly id: string;
    readonly seat: number;
    readonly ms: number;
    readonly playMs: number;
  }[];
  position(): { readonly epoch: number; readonly seq: number };
  /** After any change, in a microtask at the earliest, not more than once per microtask. */
  onChange(listener: () => void): () => void;
  onSignals(listener: () => void): () => void;
  close(): void;
}
