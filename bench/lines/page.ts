/**
 * A page of the SDK outside a browser: the same session, sockets and inflating as there, but nothing
 * is stored. Its game counts moves.
 */
import type { Environment } from '../../sdk/src/session-api.ts';
import { connect, inflate } from '../../sdk/src/browser-environment.ts';
import { memoryOutbox } from '../../sdk/src/browser-outbox.ts';
import { defineGame } from '../../sdk/src/rules.ts';
import { openSession } from '../../sdk/src/session.ts';

export interface Place {
  /** ws://… */
  readonly url: string;
  readonly ticket: string;
}

const OPEN = { puzzles: [], done: false, hints: 0 };
const OVER = { ...OPEN, done: true };

/** Counts the moves; the one that says `over` ends the game. */
const counting = defineGame<{ readonly moves: number; readonly over: boolean }, { readonly over?: boolean }>({
  init: () => ({ moves: 0, over: false }),
  parse: (value) => (typeof value === 'object' ? value : null),
  apply: ({ moves, over }, move) => ({ moves: moves + 1, over: over || move.over === true }),
  progress: ({ over }) => (over ? OVER : OPEN),
  hints: () => [],
});

type CountingSession = ReturnType<typeof openPage>['session'];

/** `openedAt`: when the socket was open (`performance.now()`); 0 before. */
export function openPage({ url, ticket }: Place) {
  let openedAt = 0;
  const session = openSession({
    room: 'bench',
    rules: counting,
    environment: environment((at) => (openedAt = at)),
    join: async () => ({ ok: true as const, socket: url, ticket }),
    report(kind, detail) {
      throw new Error(`${kind}: ${detail}`);
    },
  });
  return { session, openedAt: () => openedAt };
}

/** Resolves at the first change after which `true` is answered. */
export function until(session: CountingSession, holds: () => boolean): Promise<void> {
  if (holds()) return Promise.resolve();
  return new Promise((resolve) => {
    const stop = session.onChange(() => {
      if (!holds()) return;
      stop();
      resolve();
    });
  });
}

function environment(opened: (at: number) => void): Environment {
  return {
    now: () => performance.now(),
    after(ms, run) {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
    random: () => Math.random(),
    randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
    connect: (url, events) =>
      connect(url, {
        ...events,
        opened() {
          opened(performance.now());
          events.opened();
        },
      }),
    inflate,
    outbox: memoryOutbox,
    onWake: () => () => {},
  };
}
