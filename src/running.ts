/** A running Escapement as the command line sees it: `wire.ts` makes it, `commands/start.ts` shows and stops it. */

/** The services, in the order in which they are started; they stop in the reverse order. */
export const SERVICES = ['mailer', 'stats', 'archiver', 'game', 'web'] as const;
export type ServiceName = (typeof SERVICES)[number];

export interface Running {
  /** The address that all links begin with, without a trailing slash. */
  readonly url: string;
  /** The address on which this process listens, with the port that `--port 0` took. */
  readonly listen: string;
  /** null = not served by this process, or there is none (no free game; mails are sent by SMTP). */
  readonly addresses: {
    readonly shop: string | null;
    readonly freeGame: string | null;
    /** With the operator's key, as the two below. */
    readonly admin: string | null;
    readonly outbox: string | null;
    readonly status: string | null;
  };
  /** Drawn at every start; distinguishes the processes of one slot. */
  readonly bootId: string;
  /** Resolves when an engine failed and its state is unknown: stop, start again, recover. */
  readonly failed: Promise<Error>;
  roomsState(): RoomsState;
  /**
   * Stops the parts, the last one started first. `graceful` (default): no new visitors, rooms are drained, the archiver
   * makes a last sweep. `immediate`: sockets are closed at once, the archive waits for the next start. Nothing
   * confirmed is lost either way.
   */
  stop(mode?: StopMode): Promise<void>;
  /** Kills the processes that this one started, for when a stop is aborted. */
  killProcesses(): void;
}

export type StopMode = 'graceful' | 'immediate';

/** The rooms of a process. */
export interface RoomsState {
  /** Open rooms. */
  readonly rooms: number;
  readonly sockets: number;
  /** Why the process accepts no new visitors; null = it accepts them. */
  readonly unready: string | null;
  /** A fault for the operator that visitors do not notice; null = none. */
  readonly fault: string | null;
}
