/** Adapters of the room log with one guard less, for the controls of fault tests. */
import { closeSync, openSync } from 'node:fs';
import type { Disk, DiskFile } from '../../src/ports/room-log/disk.ts';
import type { JournalOptions, JournalOutcome } from '../../src/ports/room-log/journal.ts';
import { type Append, type AppendOutcome, type RoomLog } from '../../src/ports/room-log/room-log.ts';

/** How far the log lags behind its answers. */
const LAG_MS = 60;

type MakeDisk = () => Disk;

/** Says durable, and leaves everything in the cache of the system. */
export function lyingDisk(make: MakeDisk): MakeDisk {
  const lying = withFiles(make, (file) => ({
    ...file,
    writeDurably: (at, bytes) => file.write(at, bytes),
    sync: async () => {},
  }));
  return () => ({ ...lying(), syncDirectory: async () => {} });
}

/** Says all written and durable, whatever came of it, and that there is space without end. */
export function deafDisk(make: MakeDisk): MakeDisk {
  const deaf = <T>(call: Promise<T>, answer: T): Promise<T> =>
    call.then(
      () => answer,
      () => answer,
    );
  const disk = withFiles(make, (file) => ({
    ...file,
    write: (at, bytes) => deaf(file.write(at, bytes), bytes.length),
    writeDurably: (at, bytes) => deaf(file.writeDurably(at, bytes), bytes.length),
    sync: () => deaf(file.sync(), undefined),
  }));
  const endless = { freeBytes: Number.MAX_SAFE_INTEGER, totalBytes: Number.MAX_SAFE_INTEGER };
  return () => ({ ...disk(), space: async () => endless });
}

/** Needs a file descriptor for every commit instead of one for all, and does not wait for it. */
export function thirstyDisk(make: MakeDisk): MakeDisk {
  return withFiles(make, (file) => ({
    ...file,
    async writeDurably(at, bytes) {
      closeSync(openSync('/dev/null', 'r'));
      return file.writeDurably(at, bytes);
    },
  }));
}

function withFiles(make: MakeDisk, change: (file: DiskFile) => DiskFile): MakeDisk {
  return () => {
    const disk = make();
    return {
      ...disk,
      create: async (path) => change(await disk.create(path)),
      reopen: async (path) => change(await disk.reopen(path)),
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
