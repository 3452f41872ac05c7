/** Opens the connection of one page to one room. Everything a play page can do is on the answer. */
import { RecordKind } from '../protocol/record.ts';
import { stateHash } from './canonical.ts';
import { Core } from './core.ts';
import { durationMs, playedMs } from './reducer.ts';
import { decodeJson, encodeText } from './text.ts';
import type { Session, SessionOptions } from './session-api.ts';

export function openSession<State, Move>(options: SessionOptions<State, Move>): Session<State, Move> {
  const core = new Core(options);
  const { room, outboxes, connection } = core;
  const sendJson = (kind: number, value: unknown): void => {
    core.send(kind, encodeText(JSON.stringify(value)));
  };
  return {
    state: () => room.shown?.state ?? null,
    progress: () => room.shown?.progress ?? null,
    pending: () => pendingMoves(core),
    send: (move) => sendJson(RecordKind.move, move),
    chat: () => room.shown?.chat ?? [],
    sendChat: (text) => {
      if (text.trim() !== '') core.send(RecordKind.chat, encodeText(text.trim()));
    },
    notes: () => [...(room.shown?.notes.values() ?? [])],
    sendNote: (id, text) => sendJson(RecordKind.note, { id, text }),
    unsent: () => outboxes.pending().length,
    signal: (value) => {
      if (!core.observer && !core.signals.set(value)) options.report('refused', 'signal too large');
    },
    signals: () => core.signals.seen,
    players: () => room.players,
    observers: () => room.observers,
    seat: () => core.welcome?.seat ?? 0,
    observer: () => core.observer,
    status: () => core.status(),
    stopCode: () => connection.stopCode,
    retryInMs: () => connection.retryInMs,
    retryNow: () => connection.start(),
    roomMs: () => core.clock.roomMs(),
    finishedAtMs: () => room.shown?.finishedAtMs ?? null,
    playedMs: () => (room.shown === null ? 0 : playedMs(room.shown, core.clock.roomMs())),
    durationMs: () => (room.shown === null ? null : durationMs(room.shown)),
    solved: () => room.shown?.solved ?? [],
    stateHash: () => stateHash(room.shown?.state ?? null),
    position: () => ({ epoch: room.shown?.epoch ?? 0, seq: room.shown?.seq ?? 0 }),
    onChange: (listener) => core.changed.add(listener),
    onSignals: (listener) => core.signalsChanged.add(listener),
    close: () => core.close(),
  };
}

/** Own moves on their way, as the rules read them; what they do not know is not shown. */
function pendingMoves<State, Move>({ outboxes, options }: Core<State, Move>): Move[] {
  const moves: Move[] = [];
  for (const { kind, body } of outboxes.pending()) {
    if (kind !== RecordKind.move) continue;
    try {
      const move = options.rules.parse(decodeJson(body));
      if (move !== null) moves.push(move);
    } catch {
      // Rules that throw on their own move skip it everywhere, here too.
    }
  }
  return moves;
}
