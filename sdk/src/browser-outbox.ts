/**
 * Outboxes in IndexedDB: one row per client, with the key [room, client]. Writes take effect in the order
 * of the calls, as transactions on one store run in the order of their creation.
 *
 * A page holds a Web Lock for every client it sends for, from before its first row until the page is
 * closed. So if a client's lock is free, its page is closed, and two tabs never send for one client.
 * Without Web Locks (pages without https) nothing is taken over.
 */
import type { OutboxStore, StoredOutbox, StoredSend } from './session-api.ts';

const STORE = 'outbox';

export function openBrowserOutbox(room: string): OutboxStore {
  const locks = new Map<string, Promise<boolean>>();
  const opening = indexedDB.open('escapement', 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  const database = promiseOf(opening);
  // Each call of save and takeOver rejects with this error; here it is only marked as handled.
  database.catch(() => {});

  const rows = async (mode: IDBTransactionMode): Promise<IDBObjectStore> =>
    (await database).transaction(STORE, mode).objectStore(STORE);
  const lock = (client: string, ifAvailable: boolean): Promise<boolean> => {
    const locked = locks.get(client) ?? takeLock(`escapement:${room}:${client}`, ifAvailable);
    locks.set(client, locked);
    return locked;
  };

  return {
    async save(client, sends) {
      await lock(client, false);
      const store = await rows('readwrite');
      const key = [room, client];
      const stored = sends.length > 0 ? promiseOf(store.put(sends, key)) : promiseOf(store.delete(key));
      // Commits now: otherwise the commit is one task later, and closing the page may abort it.
      store.transaction.commit();
      await stored;
    },
    async takeOver(max) {
      if (!navigator.locks) return [];
      // IndexedDB orders arrays after all strings, so [room, []] is above every [room, client].
      const ofRoom = IDBKeyRange.bound([room], [room, []]);
      const keys = (await promiseOf((await rows('readonly')).getAllKeys(ofRoom))) as [string, string][];
      const takenOver: StoredOutbox[] = [];
      for (const key of keys) {
        const client = key[1];
        if (takenOver.length >= max || locks.has(client)) continue;
        if (!(await lock(client, true))) locks.delete(client);
        else {
          // Read while holding the lock: the page before may have written until it closed.
          const sends = (await promiseOf((await rows('readonly')).get(key))) as StoredSend[] | undefined;
          if (sends) takenOver.push({ client, sends });
        }
      }
      return takenOver;
    },
  };
}

/** Stores nothing: for browsers without IndexedDB. */
export const memoryOutbox: OutboxStore = {
  save: () => Promise.resolve(),
  takeOver: () => Promise.resolve([]),
};

function promiseOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/**
 * Resolves with true once this page holds the lock, which it keeps until it is closed; without Web Locks at once.
 * Resolves with false if `ifAvailable` is true and another page holds the lock.
 */
function takeLock(name: string, ifAvailable: boolean): Promise<boolean> {
  return new Promise((resolve) => {
    if (!navigator.locks) return resolve(true);
    navigator.locks
      .request(name, { ifAvailable }, (lock) => {
        resolve(lock !== null);
        // A promise that never settles keeps the lock until the page is closed.
        return lock && new Promise(() => {});
      })
      .catch(() => resolve(false));
  });
}
