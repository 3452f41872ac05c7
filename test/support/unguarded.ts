/** Adapters of the room log with one guard less, for the controls of fault tests. */
import type { Disk, DiskFile } from '../../src/ports/room-log/disk.ts';
import type { JournalOptions, JournalOutcome } from '../../src/ports/room-log/journal.ts';
import { type Append, type AppendOutcome, type RoomLog } from '../../src/ports/room-log/room-log.ts';

/** How far the log lags behind its answers. */
const LAG_MS = 60;

/** Says durable, and leaves everything in the cache of the system. */
export function lyingDisk(create: () => Disk): () => Disk {
  return () => {
    const disk = create();
    return {
      ...disk,
      create: async (path) => {
        const file = await disk.create(path);
        return { ...file, writeDurably: (at, bytes) => file.write(at, bytes), sync: async () => {} };
      },
      syncDirectory: async () => {},
    };
  };
}

/** Says all written and durable, whatever came of it. */
export function deafDisk(create: () => Disk): () => Disk {
  const deaf = <T>(call: Promise<T>, answer: T): Promise<T> =>
    call.then(
      () => answer,
      () => answer,
    );
  return () => {
    const disk = create();
    return {
      ...disk,
      create: async (path) => {
        const file: DiskFile = await disk.create(path);
        return {
          ...file,
          write: (at, bytes) => deaf(file.write(at, bytes), bytes.length),
          writeDurably: (at, bytes) => deaf(file.writeDurably(at, bytes), bytes.length),
          sync: () => deaf(file.sync(), undefined),
        };
      },
    };
  };
}

/** Answers 'committed' at once; the entries follow, in order, a moment later. */
export function hastyJournal(
  open: (options: JournalOptions) => Promise<JournalOutcome>,
): (options: JournalOptions) => Promise<JournalOutcome> {
  return async (options) => {
    const opened = await open(options);
    if (!opened.ok) return opened;
    const { journal } = opened;
    const writing = new Map<string, Promise<unknown>>();
    const append = (entry: Append): Promise<AppendOutcome> => {
      const kept = { ...entry, records: entry.records.slice() };
      const before = writing.get(entry.room) ?? Promise.resolve();
      const later = before.then(() => Bun.sleep(LAG_MS)).then(() => journal.append(kept));
      writing.set(entry.room, later);
      return Promise.resolve('committed');
    };
    return { ok: true, journal: withAppend(journal, append) };
  };
}

function withAppend<T extends RoomLog>(journal: T, append: RoomLog['append']): T {
  return new Proxy(journal, {
    get(target, name) {
      if (name === 'append') return append;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
