/** A clock that a test moves, with timers in order of their time and then of their making. */
interface Due {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

export class FakeTime {
  #now = 1_000;
  #order = 0;
  readonly #due = new Set<Due>();

  now(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): () => void {
    const due = { at: this.#now + Math.max(0, ms), order: this.#order++, run };
    this.#due.add(due);
    return () => this.#due.delete(due);
  }

  get timers(): number {
    return this.#due.size;
  }

  /** Runs everything that falls due within `ms`, promises included. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.#due.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
      await settle();
    }
    this.#now = end;
  }

  /** The machine sleeps: time passes, nothing runs; what fell due runs late, when it wakes. */
  sleep(ms: number): void {
    this.#now += ms;
  }

  #next(end: number): Due | undefined {
    const due = [...this.#due].filter(({ at }) => at <= end);
    return due.sort((a, b) => a.at - b.at || a.order - b.order)[0];
  }
}

/** Lets every promise that can go on go on. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
