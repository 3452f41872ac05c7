/**
 * The API of a session, the connection of one page to one room. `openSession` in session.ts makes one.
 * Clock, timers, randomness, sockets and storage are passed in as `Environment`, so that the same code
 * runs in browsers, tests and the simulation.
 */
import type { PlayerInfo, PlayStatus } from './client-api.ts';
import type { GameRules, Progress } from './rules.ts';

/** The response to `POST /api/rooms/<room>/join`. */
export type JoinAnswer =
  | { readonly ok: true; readonly socket: string; readonly ticket: string }
  /**
   * `next`: `retry` = try again with backoff; `stop` = show the code's text, do not try again. Older
   * servers send only `then`, with the same values; it is sent until protocol version 1 is not served.
   */
  | {
      readonly ok: false;
      readonly code: string;
      readonly next?: 'retry' | 'stop';
      readonly then?: 'retry' | 'stop';
    };

/** The socket that a session uses; browser-environment.ts adapts the browser's WebSocket. */
export interface SessionSocket {
  send(frame: Uint8Array<ArrayBuffer>): void;
  close(): void;
}
export interface SessionSocketEvents {
  onOpen(): void;
  onMessage(frame: Uint8Array): void;
  onClose(code: number, reason: string): void;
}

/** A message that is not echoed yet, as the outbox stores it. */
export interface StoredSend {
  readonly clientSeq: number;
  readonly kind: number;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** The stored messages of one client id. */
export interface StoredOutbox {
  readonly client: string;
  readonly sends: readonly StoredSend[];
}

/** The outboxes of this device for one room, by client id (hex). IndexedDB in browsers. */
export interface OutboxStore {
  /** Replaces the client's stored messages; an empty list removes the client. Calls take effect in order. */
  save(client: string, sends: readonly StoredSend[]): Promise<void>;
  /**
   * Takes over up to `max` outboxes of closed pages, none twice. Each stays locked until this
   * page is closed, so that two tabs never send for the same client.
   */
  takeOver(max: number): Promise<readonly StoredOutbox[]>;
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
  /** Calls the listener when the network comes back or is lost, and when the page becomes visible. Returns a function that removes it. */
  onWake(listener: (why: 'online' | 'offline' | 'visible') => void): () => void;
}

export interface ChatLine {
  readonly seq: number;
  readonly seat: number;
  readonly ms: number;
  readonly text: string;
}
/** A line of the shared notepad. The last edit of an id wins; an empty text removes the line. */
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
  /** Receives errors of rules, and reconnects with their causes. */
  report(kind: string, detail: string): void;
}

export interface Session<State, Move> {
  /** null until the first replay is complete. */
  state(): State | null;
  progress(): Progress | null;
  pending(): readonly Move[];
  send(move: Move): void;
  chat(): readonly ChatLine[];
  sendChat(text: string): void;
  notes(): readonly Note[];
  sendNote(id: string, text: string): void;
  /** Number of messages not echoed yet: moves, chat lines and notes. */
  unsent(): number;
  signal(value: unknown): void;
  signals(): ReadonlyMap<number, unknown>;
  players(): readonly PlayerInfo[];
  observers(): number;
  seat(): number;
  observer(): boolean;
  status(): PlayStatus;
  /** With status `stopped`: the close code, or the code of the join call. */
  stopCode(): string | null;
  /** Milliseconds until the next attempt to connect; null unless offline. */
  retryInMs(): number | null;
  retryNow(): void;
  roomMs(): number;
  /** Room time of the move that ended the game, or else of the finish record; null until then. */
  finishedAtMs(): number | null;
  /** Time from the first move to the one that ended the game, without pauses; null until then. */
  durationMs(): number | null;
  /** Milliseconds of play so far, without pauses; 0 before the first move. */
  playedMs(): number;
  /**
   * When each puzzle was first solved, in room time and in play time (since the first move, without
   * pauses), and by which seat.
   */
  solved(): readonly {
    readonly id: string;
    readonly seat: number;
    readonly ms: number;
    readonly playMs: number;
  }[];
  position(): { readonly epoch: number; readonly seq: number };
  /** Calls the listener in a microtask after changes, once for all of them. Returns a function that removes it. */
  onChange(listener: () => void): () => void;
  onSignals(listener: () => void): () => void;
  close(): void;
}
