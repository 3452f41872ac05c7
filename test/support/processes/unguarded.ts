/** Adapters with one guard less, for the controls of fault tests. */
import { closeSync, openSync } from 'node:fs';
import type { EventFacts, OrderFacts } from '../../../src/domain/order.ts';
import type { LockOutcome } from '../../../src/lib/lock.real.ts';
import type { Timers } from '../../../src/lib/world.ts';
import type { Frontend, FrontendOptions } from '../../../src/ports/frontend/frontend.ts';
import type { SqlJobs } from '../../../src/ports/jobs/jobs.sql.ts';
import type { archiveChunks } from '../../../src/ports/main-db/queries/archive.ts';
import type { markOrderPaid } from '../../../src/ports/main-db/queries/orders.ts';
import type { Disk, DiskFile } from '../../../src/ports/room-log/journal/disk.ts';
import type { JournalOptions, JournalOutcome } from '../../../src/ports/room-log/room-log.journal.ts';
import { type Append, type AppendOutcome, type RoomLog } from '../../../src/ports/room-log/room-log.ts';

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

type MakeFrontend = (options: FrontendOptions, timers: Timers) => Frontend;

/** Never loses patience with a body that does not come, or a connection that stays. */
export function patientFrontend(make: MakeFrontend): MakeFrontend {
  return (options, timers) => make({ ...options, httpIdleSeconds: 0 }, timers);
}

type Lock = (path: string) => LockOutcome;
const OPEN: LockOutcome = { ok: true, release() {} };

/** Lets everybody in. */
export function noLocks(_: Lock): Lock {
  return () => OPEN;
}

/** Lets everybody into the data folder; the journals in it are locked. */
export function journalLocksOnly(lock: Lock): Lock {
  return (path) => (/\/journal\/[^/]+\/lock$/.test(path) ? lock(path) : OPEN);
}

type Archive = typeof archiveChunks;

export function archiveWithoutClients(archive: Archive): Archive {
  return (tx, step) => archive(tx, { ...step, clients: [] });
}

export function archiveWithoutEpochs(archive: Archive): Archive {
  return (tx, step) => archive(tx, { ...step, epochs: [] });
}

type Decide<T> = (order: OrderFacts, event: EventFacts) => T;

/** As if no event had ever come before. */
export function decideAnew<T>(decide: Decide<T>): Decide<T> {
  return (order, event) => decide({ ...order, state: 'pending' }, event);
}

export function paidAgain(mark: typeof markOrderPaid): typeof markOrderPaid {
  return (...order) => mark(...order).then(() => true);
}

/** Each job is another one, whatever it is for. */
export function jobsWithoutKeys(Jobs: typeof SqlJobs): typeof SqlJobs {
  return class extends Jobs {
    override enqueue: SqlJobs['enqueue'] = (tx, job, now) =>
      super.enqueue(tx, { ...job, key: `${job.key} ${crypto.randomUUID()}` }, now);
  };
}
