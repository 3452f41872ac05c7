/** Adapters with one guard removed, for the controls of fault tests. */
import { closeSync, openSync } from 'node:fs';
import type { EventFacts, OrderFacts } from '../../../src/domain/order.ts';
import type { LockOutcome } from '../../../src/lib/lock.real.ts';
import type { Timers } from '../../../src/lib/world.ts';
import type { Frontend, FrontendOptions } from '../../../src/ports/frontend/frontend.ts';
import type { SqlJobs } from '../../../src/ports/jobs/jobs.sql.ts';
import type { archiveChunks } from '../../../src/ports/main-db/queries/archive.ts';
import type { markOrderPaid } from '../../../src/ports/main-db/queries/orders.ts';
import type { Disk, DiskFile } from '../../../src/ports/room-log/journal/disk.ts';
import type { JournalDeps, JournalOutcome } from '../../../src/ports/room-log/room-log.journal.ts';
import { type Append, type AppendOutcome, type RoomLog } from '../../../src/ports/room-log/room-log.ts';

/** Delay between the reply and the append, ms. */
const LAG_MS = 60;

type MakeDisk = () => Disk;

/** Reports durable, and leaves everything in the cache of the system. */
export function diskWithoutSync(make: MakeDisk): MakeDisk {
  const disk = withFiles(make, (file) => ({
    ...file,
    writeDurably: (at, bytes) => file.write(at, bytes),
    sync: async () => {},
  }));
  return () => ({ ...disk(), syncDirectory: async () => {} });
}

/** Reports success of every call whatever its result, and unlimited free space. */
export function diskIgnoringErrors(make: MakeDisk): MakeDisk {
  const ignoring = <T>(call: Promise<T>, answer: T): Promise<T> =>
    call.then(
      () => answer,
      () => answer,
    );
  const disk = withFiles(make, (file) => ({
    ...file,
    write: (at, bytes) => ignoring(file.write(at, bytes), bytes.length),
    writeDurably: (at, bytes) => ignoring(file.writeDurably(at, bytes), bytes.length),
    sync: () => ignoring(file.sync(), undefined),
  }));
  const endless = { freeBytes: Number.MAX_SAFE_INTEGER, totalBytes: Number.MAX_SAFE_INTEGER };
  return () => ({ ...disk(), space: async () => endless });
}

/** Needs a file descriptor for every commit, and does not wait for one to become free. */
export function diskNeedingDescriptors(make: MakeDisk): MakeDisk {
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

/** Replies 'committed' at once; the appends follow, in order, LAG_MS later. */
export function journalAcknowledgingEarly(
  open: (options: JournalDeps) => Promise<JournalOutcome>,
): (options: JournalDeps) => Promise<JournalOutcome> {
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

/** Waits for ever for a body, and for another request on a connection. */
export function frontendWithoutTimeout(make: MakeFrontend): MakeFrontend {
  return (options, timers) => make({ ...options, httpIdleSeconds: 0 }, timers);
}

type Lock = (path: string) => LockOutcome;
const LOCKED: LockOutcome = { ok: true, release() {} };

/** Every lock succeeds. */
export function noLocks(_: Lock): Lock {
  return () => LOCKED;
}

/** The lock of the data folder always succeeds; those of the journals are real. */
export function journalLocksOnly(lock: Lock): Lock {
  return (path) => (/\/journal\/[^/]+\/lock$/.test(path) ? lock(path) : LOCKED);
}

type Archive = typeof archiveChunks;

export function archiveWithoutClients(archive: Archive): Archive {
  return (tx, step) => archive(tx, { ...step, clients: [] });
}

export function archiveWithoutEpochs(archive: Archive): Archive {
  return (tx, step) => archive(tx, { ...step, epochs: [] });
}

type Decide<T> = (order: OrderFacts, event: EventFacts) => T;

/** Decides as if no event had been processed before. */
export function decideAsPending<T>(decide: Decide<T>): Decide<T> {
  return (order, event) => decide({ ...order, state: 'pending' }, event);
}

export function markPaidAlways(mark: typeof markOrderPaid): typeof markOrderPaid {
  return (...order) => mark(...order).then(() => true);
}

/** Gives each job a unique key. */
export function jobsWithoutKeys(Jobs: typeof SqlJobs): typeof SqlJobs {
  return class extends Jobs {
    override enqueue: SqlJobs['enqueue'] = (tx, job, now) =>
      super.enqueue(tx, { ...job, key: `${job.key} ${crypto.randomUUID()}` }, now);
  };
}
