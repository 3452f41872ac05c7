/** What the command line knows of a running Escapement: `wire.ts` makes it, `start` shows and stops it. */

/** The services, in the order in which they are started: what is started last is stopped first. */
export const SERVICES = ['mailer', 'stats', 'archiver', 'game', 'web'] as const;
export type ServiceName = (typeof SERVICES)[number];

export interface Running {
  /** What every link is built from; no slash at the end. */
  readonly url: string;
  /** Where this process really listens, for `--port 0` and for whoever stands before it. */
  readonly listen: string;
  /** null: not served by this process, or there is none (no free game, mails go out by SMTP). */
  readonly addresses: {
    readonly shop: string | null;
    readonly freeGame: string | null;
    /** With the operator's key. */
    readonly admin: string | null;
    readonly outbox: string | null;
    readonly status: string | null;
  };
  /** Drawn anew at every start; hosts are told apart by it. */
  readonly bootId: string;
  /** Resolves when an engine failed so that nothing more may be promised: stop, start again, recover. */
  readonly failed: Promise<Error>;
  /** How its rooms are now. */
  state(): RoomsState;
  /**
   * Stops in order: no new visitors, then the rooms, then what they need. In a hurry all players are
   * let go at once and the archive waits for the next start; nothing confirmed is lost.
   */
  stop(how?: StopMode): Promise<void>;
  /** Ends at once the processes it started; for when stopping in order is broken off. */
  abandon(): void;
}

export type StopMode = 'graceful' | 'immediate';

export interface RoomsState {
  readonly rooms: number;
  readonly sockets: number;
  /** What keeps visitors away; null if nothing does. */
  readonly unready: string | null;
  /** What only the operator has to know; null if all is well. */
  readonly fault: string | null;
}

/** What a main process says to a game process it started, and what that one answers. */
export type ParentMessage = { readonly kind: 'look' } | { readonly kind: 'stop' };
export type ChildMessage =
  /** It has read a piece of its journal: the start takes long, and gets on. */
  | { readonly kind: 'reading' }
  /** It serves its slot; `port` is where it listens. */
  | { readonly kind: 'ready'; readonly port: number; readonly bootId: string }
  /** To each look. */
  | ({ readonly kind: 'state' } & RoomsState)
  /** It will end; `message` is a sentence for the operator. */
  | { readonly kind: 'refused'; readonly code: string; readonly message: string };
