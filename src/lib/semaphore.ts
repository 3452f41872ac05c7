/** A counting semaphore with a bounded FIFO queue; with `max` 1 it is a mutex. */
export class Semaphore {
  private free: number;
  private readonly queueMax: number;
  private readonly queue: (() => void)[] = [];

  constructor(max: number, queueMax: number) {
    this.free = max;
    this.queueMax = queueMax;
  }

  /** Resolves when the caller may go on, which then must call `release`. null = the queue is full. */
  acquire(): Promise<void> | null {
    if (this.free > 0) {
      this.free--;
      return Promise.resolve();
    }
    if (this.queue.length >= this.queueMax) return null;
    return new Promise((resolve) => this.queue.push(resolve));
  }

  release(): void {
    const next = this.queue.shift();
    if (next) next();
    else this.free++;
  }

  /** Runs `work` when it is its turn. null = the queue is full and `work` will not run. */
  run<T>(work: () => Promise<T>): Promise<T> | null {
    const acquired = this.acquire();
    return acquired && this.runAcquired(acquired, work);
  }

  private async runAcquired<T>(acquired: Promise<void>, work: () => Promise<T>): Promise<T> {
    await acquired;
    try {
      return await work();
    } finally {
      this.release();
    }
  }
}
