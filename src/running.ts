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
  /** Resolves when an engine failed so that nothing more may be promised: stop, start again, recover. */
  readonly failed: Promise<Error>;
  /** Stops in order: no new visitors, then the rooms, then what they need. */
  stop(): Promise<void>;
}
