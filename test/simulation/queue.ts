/** A mutex in the order of arrival; a process that is dead when its turn comes is skipped. */
import type { Lease } from './lease.ts';

export class Queue {
  private holder: Lease | null = null;
  private readonly waiting: { readonly lease: Lease; readonly go: () => void }[] = [];

  take(lease: Lease): Promise<void> {
    return new Promise((resolve) => {
      const go = (): void => {
        this.holder = lease;
        lease.deliver(resolve);
      };
      // A dead process does not wait.
      if (!lease.alive) return;
      if (this.holder === null) go();
      else this.waiting.push({ lease, go });
    });
  }

  holds(lease: Lease): boolean {
    return this.holder === lease;
  }

  /** Ends the turn of `lease`; does nothing if the lease does not hold it. */
  next(lease: Lease): void {
    if (this.holder !== lease) return;
    this.holder = null;
    while (this.waiting.length > 0) {
      const next = this.waiting.shift();
      if (next?.lease.alive) return next.go();
    }
  }
}
