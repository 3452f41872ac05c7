/**
 * Jobs between services: a table in the main database, written in the caller's transaction, so a
 * job exists exactly if that transaction was committed. Delivery is at least once: a worker's
 * effect must be idempotent.
 */
import type { Reader, Tx } from '../main-db/main-db.ts';

export interface JobKinds {
  /** Sends a mail. */
  mail: MailJob;
  /** Computes the result of a finished room. */
  stats: { readonly room: string };
}
export type JobKind = keyof JobKinds;

/** A mail is stored as template and data; its text is composed when it is sent. */
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
  /** 1 for the first attempt. */
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly leaseToken: string;
}

export function isLastAttempt({ attempt, maxAttempts }: Job): boolean {
  return attempt >= maxAttempts;
}

export interface NewJob<K extends JobKind> {
  readonly kind: K;
  /** Idempotency key: a second enqueue of the same kind and key does nothing, even after the first job is done. */
  readonly key: string;
  readonly payload: JobKinds[K];
  /** Earliest start, wall clock ms; default 0 = at once. */
  readonly runAt?: number;
  /** Default 10. */
  readonly maxAttempts?: number;
}

/** `finish`, `finishWith`, `retryOrBury` and `bury` return false, and change nothing, if another worker has the lease. */
export interface Jobs {
  /** `now`: wall clock ms, stored as the time of creation. */
  enqueue<K extends JobKind>(tx: Tx, job: NewJob<K>, now: number): Promise<void>;
  /** Leases up to `limit` jobs that are due or whose lease has expired. */
  claim<K extends JobKind>(kind: K, limit: number, leaseMs: number): Promise<readonly Job<K>[]>;
  finish(job: Job): Promise<boolean>;
  /** Marks the job as done and runs `effect` in one transaction. */
  finishWith(job: Job, effect: (tx: Tx) => Promise<void>): Promise<boolean>;
  /** Makes the job due again after the delay; after its last attempt, buries it. */
  retryOrBury(job: Job, error: string, delayMs: number): Promise<boolean>;
  /** Ends the attempts: the job becomes a dead letter, kept for the operator. */
  bury(job: Job, error: string): Promise<boolean>;
  counts(read: Reader): Promise<readonly { kind: string; state: string; count: number }[]>;
}
