/**
 * What the outside world gives a program: time, timers, chance. Room, journal and archiver take it
 * as an argument, so that a simulation can be the world instead.
 */
export interface Clock {
  /** Wall clock, milliseconds since 1970. May jump. */
  now(): number;
  /** Milliseconds since some fixed moment; never goes back. */
  mono(): number;
}

export interface Timers {
  /** Calls `run` once after `ms`; the answer cancels it. */
  after(ms: number, run: () => void): () => void;
}

export interface Random {
  /** A number in [0, 1). For jitter, never for secrets. */
  next(): number;
  /** `length` bytes fit for secrets. */
  bytes(length: number): Uint8Array;
}

export interface World {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
}
