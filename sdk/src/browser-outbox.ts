/**
 * Outboxes in IndexedDB: one row per message under [room, client, client seq]. Rows are written in
 * the order of the calls, as transactions on one store run in the order in which they were made.
 *
 * A page holds the Web Lock of every client it sends for, from before its first row until the page
 * is gone. So a client whose lock can be had belongs to nobody, and two tabs never send for one.
 * Where there are no Web Locks (pages without https) nothing is taken over.
 */
import type { OutboxStore, StoredSend } from './session-api.ts';

const STORE = 'outbox';

export function openBrowserOutbox(room: string): OutboxStore {
  const held = new Map<string, Promise<boolean>>();
  const database = openDatabase();
  // Whoever writes hears of it; nobody else needs to.
  database.catch(() => {});

  const hold = (client: string, ifAvailable: boolean): Promise<boolean> => {
    const known = held.get(client);
    if (known) return known;
    const taken = takeLock(`escapement:${room}:${client}`, ifAvailable);
    held.set(client, taken);
    return taken;
  };
  const write = async (client: string, work: (rows: IDBObjectStore) => void): Promise<void> => {
    await hold(client, false);
    const transaction = (await database).transaction(STORE, 'readwrite');
    work(transaction.objectStore(STORE));
    await finished(transaction);
  };
  const add = (rows: IDBObjectStore, client: string, { clientSeq, kind, body }: StoredSend): void => {
    rows.put({ kind, body }, [room, client, clientSeq]);
  };

  return {
    put: (client, send) => write(client, (rows) => add(rows, client, send)),
    settle: (client, upto) => write(client, (rows) => rows.delete(range(room, client, upto))),
    replace: (client, sends) =>
      write(client, (rows) => {
        rows.delete(range(room, client));
        for (const send of sends) add(rows, client, send);
      }),
    async load(client) {
      const rows = (await database).transaction(STORE).objectStore(STORE);
      const found = range(room, client);
      const [keys, values] = await Promise.all([answer(rows.getAllKeys(found)), answer(rows.getAll(found))]);
      return keys.map((key, at) => ({ ...values[at], clientSeq: (key as [string, string, number])[2] }));
    },
    async adopt(max) {
      if (!navigator.locks) return [];
      const rows = (await database).transaction(STORE).objectStore(STORE);
      const keys = (await answer(rows.getAllKeys(range(room)))) as [string, string, number][];
      const adopted: string[] = [];
      for (const client of new Set(keys.map((key) => key[1]))) {
        if (adopted.length >= max) break;
        if (held.has(client)) continue;
        if (await hold(client, true)) adopted.push(client);
        else held.delete(client);
      }
      return adopted;
    },
  };
}

/** Outboxes that live as long as the page: for browsers that refuse to store. */
export function openMemoryOutbox(): OutboxStore {
  return {
    put: () => Promise.resolve(),
    settle: () => Promise.resolve(),
    replace: () => Promise.resolve(),
    load: () => Promise.resolve([]),
    adopt: () => Promise.resolve([]),
  };
}

function openDatabase(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('escapement', 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
}

/** All rows of a room, or of one of its clients, or of that up to a client seq. */
function range(room: string, client?: string, upto?: number): IDBKeyRange {
  const from = client === undefined ? [room] : [room, client];
  // In the order of keys an array lies above every number and every text.
  return IDBKeyRange.bound(from, [...from, upto ?? []]);
}

function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function finished(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
  });
}

/** True once the lock is ours, for the rest of the page's life; without locks there is nothing to wait for. */
function takeLock(name: string, ifAvailable: boolean): Promise<boolean> {
  return new Promise((resolve) => {
    if (!navigator.locks) return resolve(true);
    navigator.locks
      .request(name, { ifAvailable }, (lock) => {
        resolve(lock !== null);
        // A promise that never ends keeps the lock until the page is gone.
        return lock === null ? undefined : new Promise(() => {});
      })
      .catch(() => resolve(false));
  });
}
