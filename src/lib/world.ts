/**
 * Time, timers and randomness. Code that must run in a simulation gets them as arguments instead of
 * using the runtime's.
 */
export interface Clock {
  /** Wall clock, milliseconds since 1970. May jump. */
  now(): number;
  /** Monotonic milliseconds since an arbitrary moment. */
  mono(): number;
}

export interface Timers {
  /** Calls `run` once after `ms`. Returns a function that cancels it. */
  after(ms: number, run: () => void): () => void;
}

export interface Random {
  /** A number in [0, 1). For jitter, never for secrets. */
  next(): number;
  /** `length` cryptographically secure bytes. */
  bytes(length: number): Uint8Array;
}

export interface World {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
}
