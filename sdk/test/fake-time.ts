/** A clock that a test advances, with timers that run in order of their time and then of their creation. */
interface Due {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

export class FakeTime {
  private nowMs = 1_000;
  private order = 0;
  private readonly due = new Set<Due>();

  now(): number {
    return this.nowMs;
  }

  after(ms: number, run: () => void): () => void {
    const due = { at: this.nowMs + Math.max(0, ms), order: this.order++, run };
    this.due.add(due);
    return () => this.due.delete(due);
  }

  get timers(): number {
    return this.due.size;
  }

  /** Advances the clock by `ms` and runs the timers and promises due by then. */
  async advance(ms: number): Promise<void> {
    const end = this.nowMs + ms;
    await settle();
    for (let next = this.nextDue(end); next; next = this.nextDue(end)) {
      this.due.delete(next);
      this.nowMs = Math.max(this.nowMs, next.at);
      next.run();
      await settle();
    }
    this.nowMs = end;
  }

  /** The machine sleeps: the clock advances, and the timers due by then run late, at the next `advance`. */
  sleep(ms: number): void {
    this.nowMs += ms;
  }

  private nextDue(end: number): Due | undefined {
    const due = [...this.due].filter(({ at }) => at <= end);
    return due.sort((a, b) => a.at - b.at || a.order - b.order)[0];
  }
}

/** Runs all pending promise callbacks. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
