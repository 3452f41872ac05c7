/** What outlives a page: the stored outboxes of one device, with locks that end with their page. */
import type { OutboxStore, StoredSend } from '../src/session-api.ts';

export class Device {
  readonly rows = new Map<string, readonly StoredSend[]>();
  /** Every call of `save` fails while true. */
  broken = false;
  /** Calls of `save` wait for it. */
  slow: Promise<void> = Promise.resolve();
  /** Calls of `adopt` wait for it. */
  slowToAdopt: Promise<void> = Promise.resolve();
  readonly #locks = new Map<string, object>();

  /** The store as one page sees it. */
  page(): { store: OutboxStore; gone(): void } {
    const page = {};
    const gone = (): void => {
      for (const [client, holder] of this.#locks) if (holder === page) this.#locks.delete(client);
    };
    return { store: this.#store(page), gone };
  }

  #store(page: object): OutboxStore {
    return {
      save: async (client, sends) => {
        await this.slow;
        if (this.broken) throw new Error('the disk is full');
        this.#locks.set(client, page);
        if (sends.length === 0) this.rows.delete(client);
        else this.rows.set(client, sends);
      },
      adopt: async (max) => {
        await this.slowToAdopt;
        const free = [...this.rows.keys()].filter((client) => !this.#locks.has(client)).slice(0, max);
        for (const client of free) this.#locks.set(client, page);
        return free.map((client) => ({ client, sends: this.rows.get(client) ?? [] }));
      },
    };
  }
}
