/** One at a time, first come first served; who is dead when its turn comes is passed over. */
import type { Lease } from './lease.ts';

export class Queue {
  #holder: Lease | null = null;
  readonly #waiting: { readonly lease: Lease; readonly go: () => void }[] = [];

  take(lease: Lease): Promise<void> {
    return new Promise((resolve) => {
      const go = (): void => {
        this.#holder = lease;
        lease.deliver(resolve);
      };
      // A process that is gone asks for nothing.
      if (!lease.alive) return;
      if (this.#holder === null) go();
      else this.#waiting.push({ lease, go });
    });
  }

  holds(lease: Lease): boolean {
    return this.#holder === lease;
  }

  /** Ends the turn of `lease`; nothing happens if it was taken away before. */
  next(lease: Lease): void {
    if (this.#holder !== lease) return;
    this.#holder = null;
    while (this.#waiting.length > 0) {
      const next = this.#waiting.shift();
      if (next?.lease.alive) return next.go();
    }
  }
}
