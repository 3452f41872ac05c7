/**
 * Jobs between services: a table in the main database, written in the caller's transaction, so a
 * job exists exactly if what it belongs to was committed. Delivery is at least once; a worker's
 * effect must be harmless when repeated.
 */
import type { Reader, Tx } from '../main-db/main-db.ts';

export interface JobKinds {
  /** Send a mail. */
  mail: MailJob;
  /** Compute the result of a finished room. */
  stats: { readonly room: string };
}
export type JobKind = keyof JobKinds;

/** A mail is stored as its template and data: the text is made when it is sent. */
export interface MailJob {
  readonly template: 'purchase' | 'resend';
  readonly to: string;
  readonly locale: string;
  readonly data: { readonly [name: string]: string };
}

export interface Job<K extends JobKind = JobKind> {
  readonly id: number;
  readonly kind: K;
  readonly key: string;
  readonly payload: JobKinds[K];
  /** 1 at the first try. */
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly leaseToken: string;
}

export interface NewJob<K extends JobKind> {
  readonly kind: K;
  /** One job per kind and key, ever: a second enqueue with the same key does nothing. */
  readonly key: string;
  readonly payload: JobKinds[K];
  /** Wall clock ms; 0 = at once. */
  readonly runAt?: number;
  readonly maxAttempts?: number;
}

export interface Jobs {
  enqueue<K extends JobKind>(tx: Tx, job: NewJob<K>, now: number): Promise<void>;
  /** Takes up to `limit` jobs that are due or whose lease ran out. */
  claim<K extends JobKind>(kind: K, limit: number, leaseMs: number): Promise<readonly Job<K>[]>;
  /** Each of these changes nothing and answers false when the lease was lost in the meantime. */
  finish(job: Job): Promise<boolean>;
  /** Runs `effect` and marks the job done in one transaction. */
  finishWith(job: Job, effect: (tx: Tx) => Promise<void>): Promise<boolean>;
  retry(job: Job, error: string, delayMs: number): Promise<boolean>;
  /** No further tries: a dead letter, kept for the operator. */
  bury(job: Job, error: string): Promise<boolean>;
  counts(read: Reader): Promise<readonly { kind: string; state: string; count: number }[]>;
}
