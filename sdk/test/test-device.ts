/** The outbox store of one device in memory: it outlives its pages; a page's locks end when it is closed. */
import type { OutboxStore, StoredSend } from '../src/session-api.ts';

export class TestDevice {
  readonly rows = new Map<string, readonly StoredSend[]>();
  /** While true, every call of `save` fails. */
  isBroken = false;
  /** Calls of `save` wait for this. */
  saveDelay: Promise<void> = Promise.resolve();
  /** Calls of `takeOver` wait for this. */
  takeOverDelay: Promise<void> = Promise.resolve();
  private readonly locks = new Map<string, object>();

  /** Returns the store for one page, and a function that releases the page's locks. */
  page(): { store: OutboxStore; releaseLocks(): void } {
    const page = {};
    const releaseLocks = (): void => {
      for (const [client, holder] of this.locks) if (holder === page) this.locks.delete(client);
    };
    return { store: this.store(page), releaseLocks };
  }

  private store(page: object): OutboxStore {
    return {
      save: async (client, sends) => {
        await this.saveDelay;
        if (this.isBroken) throw new Error('the disk is full');
        this.locks.set(client, page);
        if (sends.length === 0) this.rows.delete(client);
        else this.rows.set(client, sends);
      },
      takeOver: async (max) => {
        await this.takeOverDelay;
        const free = [...this.rows.keys()].filter((client) => !this.locks.has(client)).slice(0, max);
        for (const client of free) this.locks.set(client, page);
        return free.map((client) => ({ client, sends: this.rows.get(client) ?? [] }));
      },
    };
  }
}
