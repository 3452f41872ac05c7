/**
 * A token bucket that may go into debt: a message that was already read is accepted, and reading pauses until
 * the debt is paid. Nothing has to be queued.
 */
export class TokenBucket {
  private tokens: number;
  private refilledAt: number;
  private readonly ratePerMs: number;
  private readonly burst: number;

  /** `now` is monotonic ms, here and below. */
  constructor(ratePerSecond: number, burst: number, now: number) {
    this.ratePerMs = ratePerSecond / 1_000;
    this.burst = burst;
    this.tokens = burst;
    this.refilledAt = now;
  }

  /** Takes one token; returns the debt in ms, 0 for none. */
  take(now: number): number {
    this.refill(now);
    this.tokens--;
    return this.debtMs();
  }

  /** The debt in ms, without taking a token. */
  debtMsAt(now: number): number {
    this.refill(now);
    return this.debtMs();
  }

  /** Whole tokens that can be taken now without debt. */
  available(now: number): number {
    this.refill(now);
    return Math.max(0, Math.floor(this.tokens + ROUNDING));
  }

  clearDebt(now: number): void {
    this.refill(now);
    this.tokens = Math.max(0, this.tokens);
  }

  private refill(now: number): void {
    this.tokens = Math.min(this.burst, this.tokens + (now - this.refilledAt) * this.ratePerMs);
    this.refilledAt = now;
  }

  private debtMs(): number {
    return this.tokens >= 0 ? 0 : -this.tokens / this.ratePerMs;
  }
}

/** Tolerance for floating point: 100 ms at 10 tokens a second must yield one token. */
const ROUNDING = 1e-6;
