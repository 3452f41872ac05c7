/**
 * A token bucket that may go into debt: what was already read is taken, and reading stops until
 * the debt is paid. So nothing has to be queued, and the debt is the bound.
 */
export class TokenBucket {
  private tokens: number;
  private at: number;
  private readonly ratePerMs: number;
  private readonly burst: number;

  /** `now` in monotonic milliseconds, here and below. */
  constructor(ratePerSecond: number, burst: number, now: number) {
    this.ratePerMs = ratePerSecond / 1_000;
    this.burst = burst;
    this.tokens = burst;
    this.at = now;
  }

  /** Takes one token; answers how many milliseconds of debt there are now, 0 for none. */
  take(now: number): number {
    this.refill(now);
    this.tokens--;
    return this.debtMs();
  }

  /** The debt as of now, without taking anything. */
  debtMsAt(now: number): number {
    this.refill(now);
    return this.debtMs();
  }

  /** Whole tokens that could be taken now without a debt. */
  available(now: number): number {
    this.refill(now);
    return Math.max(0, Math.floor(this.tokens + ROUNDING));
  }

  /** What is owed is owed no longer. */
  clearDebt(now: number): void {
    this.refill(now);
    this.tokens = Math.max(0, this.tokens);
  }

  private refill(now: number): void {
    this.tokens = Math.min(this.burst, this.tokens + (now - this.at) * this.ratePerMs);
    this.at = now;
  }

  private debtMs(): number {
    return this.tokens >= 0 ? 0 : -this.tokens / this.ratePerMs;
  }
}

/** A tenth of a second at ten a second must be a token. */
const ROUNDING = 1e-6;
