/** Lets so many through at a time; so many others wait, in order. */
export class Semaphore {
  private free: number;
  private readonly waitingMax: number;
  private readonly waiting: (() => void)[] = [];

  constructor(max: number, waitingMax: number) {
    this.free = max;
    this.waitingMax = waitingMax;
  }

  /** Null when too many wait already. */
  run<T>(work: () => Promise<T>): Promise<T> | null {
    if (this.free === 0 && this.waiting.length >= this.waitingMax) return null;
    return this.runWhenFree(work);
  }

  private async runWhenFree<T>(work: () => Promise<T>): Promise<T> {
    if (this.free > 0) this.free--;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.free++;
    }
  }
}
