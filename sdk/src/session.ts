/** Opens a session: the connection of one page to one room, with everything a play page can do there. */
import { RecordKind } from '../protocol/record.ts';
import { SessionCore } from './session-core.ts';
import { durationMs, playedMs } from './reducer.ts';
import { decodeJson, encodeText } from './text.ts';
import type { Session, SessionOptions } from './session-api.ts';

export function openSession<State, Move>(options: SessionOptions<State, Move>): Session<State, Move> {
  const core = new SessionCore(options);
  const { outboxes, connection } = core;
  const sendJson = (kind: number, value: unknown): void => {
    core.send(kind, encodeText(JSON.stringify(value)));
  };
  return {
    state: () => core.shown.state,
    progress: () => core.shown.progress,
    pending: () => pendingMoves(core),
    send: (move) => sendJson(RecordKind.move, move),
    chat: () => core.shown.chat,
    sendChat: (text) => {
      const line = text.trim();
      if (line !== '') core.send(RecordKind.chat, encodeText(line));
    },
    notes: () => [...core.shown.notes.values()],
    sendNote: (id, text) => sendJson(RecordKind.note, { id, text }),
    unsent: () => outboxes.pending().length,
    signal: (value) => {
      if (!core.observer && !core.signals.set(value)) options.report('refused', 'signal too large');
    },
    signals: () => core.signals.values,
    players: () => core.players,
    observers: () => core.observers,
    seat: () => core.welcome.seat,
    observer: () => core.observer,
    status: () => core.status(),
    stopCode: () => connection.stopCode,
    retryInMs: () => connection.retryInMs,
    retryNow: () => connection.connectNow(),
    roomMs: () => core.clock.roomMs(),
    finishedAtMs: () => core.shown.finishedAtMs,
    playedMs: () => playedMs(core.shown, core.clock.roomMs()),
    durationMs: () => durationMs(core.shown),
    solved: () => core.shown.solved,
    position: () => ({ epoch: core.shown.epoch, seq: core.shown.seq }),
    onChange: (listener) => core.changed.add(listener),
    onSignals: (listener) => core.signalsChanged.add(listener),
    close: () => core.close(),
  };
}

/** This page's moves that are not echoed yet, parsed by the rules; those that the rules reject are left out. */
function pendingMoves<State, Move>({ outboxes, options }: SessionCore<State, Move>): Move[] {
  const moves: Move[] = [];
  for (const { kind, body } of outboxes.pending()) {
    if (kind !== RecordKind.move) continue;
    try {
      const move = options.rules.parse(decodeJson(body));
      if (move !== null) moves.push(move);
    } catch {
      // A move that the rules throw on is skipped everywhere.
    }
  }
  return moves;
}
