/**
 * A page of the SDK outside a browser, with the SDK's own session, sockets and inflating, but without storage.
 * Its game counts moves.
 */
import type { Environment } from '../../sdk/src/session-api.ts';
import { connect, inflate } from '../../sdk/src/browser-environment.ts';
import { memoryOutbox } from '../../sdk/src/browser-outbox.ts';
import { defineGame } from '../../sdk/src/rules.ts';
import { openSession } from '../../sdk/src/session.ts';
import type { Endpoint } from '../lib/load-generator.ts';

export interface PageAddress {
  /** ws://… */
  readonly url: string;
  readonly ticket: string;
}

/** The address of a page for an endpoint on this machine. */
export function pageAddressOf({ port, path, ticket }: Endpoint): PageAddress {
  return { url: `ws://127.0.0.1:${port}${path}`, ticket };
}

interface CountedMove {
  /** Ends the game. */
  readonly over?: boolean;
  /** Not read; makes the move longer. */
  readonly filler?: string;
}

const OPEN = { puzzles: [], done: false, hints: 0 };
const OVER = { ...OPEN, done: true };

const counting = defineGame<{ readonly moves: number; readonly over: boolean }, CountedMove>({
  init: () => ({ moves: 0, over: false }),
  parse: (value) => (typeof value === 'object' ? value : null),
  apply: ({ moves, over }, move) => ({ moves: moves + 1, over: over || move.over === true }),
  progress: ({ over }) => (over ? OVER : OPEN),
  hints: () => [],
});

type CountingSession = ReturnType<typeof openPage>['session'];
/** Called with what a page reports: a reconnect and its cause, an error of the rules. */
type Report = (kind: string, detail: string) => void;

/** `openedAt` returns when the socket was opened (`performance.now()`), 0 before. */
export function openPage({ url, ticket }: PageAddress, report: Report = failOnReport) {
  let openedAt = 0;
  const session = openSession({
    room: 'bench',
    rules: counting,
    environment: environment((at) => (openedAt = at)),
    join: async () => ({ ok: true as const, socket: url, ticket }),
    report,
  });
  return { session, openedAt: () => openedAt };
}

function failOnReport(kind: string, detail: string): never {
  throw new Error(`${kind}: ${detail}`);
}

export interface EnteredPage {
  /** Sends a move; resolves when its echo was received. Rejects if the connection ends first. */
  move(move: CountedMove): Promise<void>;
  close(): void;
}

/**
 * Resolves when the page is live. Rejects, and closes it, if the first attempt to connect fails. Moves of the
 * load generator may be in the room: they are not JSON, so the page reports and skips them.
 */
export async function enterRoom(address: PageAddress): Promise<EnteredPage> {
  const failed = Promise.withResolvers<never>();
  // The page may fail while no move is in flight.
  failed.promise.catch(() => {});
  const { session } = openPage(address, (kind, detail) => {
    if (kind !== 'rules') failed.reject(new Error(`${kind}: ${detail}`));
  });
  const until = async (isTrue: () => boolean): Promise<void> => {
    await Promise.race([waitUntil(session, () => session.stopCode() !== null || isTrue()), failed.promise]);
    if (session.stopCode() !== null) throw new Error(`the page was stopped: ${session.stopCode()}`);
  };
  try {
    await until(() => session.status() === 'live');
  } catch (error) {
    session.close();
    throw error;
  }
  return {
    move(move) {
      session.send(move);
      return until(() => session.unsent() === 0);
    },
    close: () => session.close(),
  };
}

/** Resolves at the first change after which `isTrue` returns true. */
export function waitUntil(session: CountingSession, isTrue: () => boolean): Promise<void> {
  if (isTrue()) return Promise.resolve();
  return new Promise((resolve) => {
    const stop = session.onChange(() => {
      if (!isTrue()) return;
      stop();
      resolve();
    });
  });
}

/** `opened` is called with the time when the socket was opened. */
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
        onOpen() {
          opened(performance.now());
          events.onOpen();
        },
      }),
    inflate,
    outbox: memoryOutbox,
    onWake: () => () => {},
  };
}
