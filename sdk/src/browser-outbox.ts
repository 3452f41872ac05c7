/**
 * Outboxes in IndexedDB: one row per client under [room, client]. Writes happen in the order of the
 * calls, as transactions on one store run in the order in which they were made.
 *
 * A page holds the Web Lock of every client it sends for, from before its first row until the page
 * is gone. So a client whose lock can be had belongs to nobody, and two tabs never send for one.
 * Where there are no Web Locks (pages without https) nothing is taken over.
 */
import type { OutboxStore, StoredOutbox, StoredSend } from './session-api.ts';

const STORE = 'outbox';

export function openBrowserOutbox(room: string): OutboxStore {
  const held = new Map<string, Promise<boolean>>();
  const opening = indexedDB.open('escapement', 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  const database = answer(opening);
  // Whoever writes hears of it; nobody else needs to.
  database.catch(() => {});

  const rows = async (mode: IDBTransactionMode): Promise<IDBObjectStore> =>
    (await database).transaction(STORE, mode).objectStore(STORE);
  const hold = (client: string, ifAvailable: boolean): Promise<boolean> => {
    const taken = held.get(client) ?? takeLock(`escapement:${room}:${client}`, ifAvailable);
    held.set(client, taken);
    return taken;
  };

  return {
    async save(client, sends) {
      await hold(client, false);
      const store = await rows('readwrite');
      const key = [room, client];
      const stored = sends.length > 0 ? answer(store.put(sends, key)) : answer(store.delete(key));
      // A page that goes takes along what it has not committed; otherwise that comes a turn later.
      store.transaction.commit();
      await stored;
    },
    async adopt(max) {
      if (!navigator.locks) return [];
      // In the order of keys an array lies above every text.
      const ofRoom = IDBKeyRange.bound([room], [room, []]);
      const keys = (await answer((await rows('readonly')).getAllKeys(ofRoom))) as [string, string][];
      const adopted: StoredOutbox[] = [];
      for (const key of keys) {
        const client = key[1];
        if (adopted.length >= max || held.has(client)) continue;
        if (!(await hold(client, true))) held.delete(client);
        else {
          // Read under the lock: the page that held it may have written until it went.
          const sends = (await answer((await rows('readonly')).get(key))) as StoredSend[] | undefined;
          if (sends) adopted.push({ client, sends });
        }
      }
      return adopted;
    },
  };
}

/** Outboxes that live as long as the page: for browsers that refuse to store. */
export const memoryOutbox: OutboxStore = {
  save: () => Promise.resolve(),
  adopt: () => Promise.resolve([]),
};

function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** True once the lock is ours for the rest of the page's life; without locks there is nothing to wait for. */
function takeLock(name: string, ifAvailable: boolean): Promise<boolean> {
  return new Promise((resolve) => {
    if (!navigator.locks) return resolve(true);
    navigator.locks
      .request(name, { ifAvailable }, (lock) => {
        resolve(lock !== null);
        // A promise that never ends keeps the lock until the page is gone.
        return lock && new Promise(() => {});
      })
      .catch(() => resolve(false));
  });
}
