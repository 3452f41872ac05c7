/** Logs and disks with one guard removed, for the planted bugs. */
import { Reader } from '../../sdk/protocol/bytes.ts';
import { encodeRecord, type LogRecord, readRecord, recordLength } from '../../sdk/protocol/record.ts';
import { type Disk, DiskError, type DiskFile } from '../../src/ports/room-log/disk.ts';
import type { Append, AppendOutcome, RoomLog } from '../../src/ports/room-log/room-log.ts';
import { override } from './override.ts';

/** Says committed first, and commits later; everything else sees the log as if it had been written. */
export function hasty(log: RoomLog): RoomLog {
  let before: Promise<unknown> = Promise.resolve();
  const after = <T>(work: () => Promise<T>): Promise<T> => before.then(work, work);
  return override(log, {
    append: (entries) => {
      before = after(() => log.append(entries));
      return Promise.resolve('committed');
    },
    open: (room, epoch, archived) => after(() => log.open(room, epoch, archived)),
    read: (room, afterSeq, maxBytes) => after(() => log.read(room, afterSeq, maxBytes)),
    release: (room, epoch) => after(() => log.release(room, epoch)),
  });
}

/** One outcome of an append is passed on as another. */
export function mistaking(outcome: AppendOutcome, meant: AppendOutcome): (log: RoomLog) => RoomLog {
  return (log) =>
    override(log, {
      append: async (entries) => {
        const told = await log.append(entries);
        return told === outcome ? meant : told;
      },
    });
}

/** Lets the log drop entries before the archive has them. */
export function careless(log: RoomLog): RoomLog {
  return override(log, {
    read: async (room, afterSeq, maxBytes) => {
      const runs = await log.read(room, afterSeq, maxBytes);
      const last = runs.at(-1)?.last;
      if (last !== undefined) await log.trim(room, last);
      return runs;
    },
  });
}

/** Forgets what time it was in the room. */
export function timeless(log: RoomLog): RoomLog {
  return override(log, {
    open: async (room, epoch, archived) => {
      const opened = await log.open(room, epoch, archived);
      return opened.ok ? { ...opened, head: { ...opened.head, ms: 0 } } : opened;
    },
  });
}

/** What may have been written is written once more, behind whatever is there now. */
export function insistent(log: RoomLog): RoomLog {
  return override(log, {
    append: async (entries) => {
      const outcome = await log.append(entries);
      if (outcome !== 'unknown') return outcome;
      const runs = await log.read(entries.room, entries.prevSeq, Number.MAX_SAFE_INTEGER).catch(() => []);
      const head = runs.at(-1)?.last ?? entries.prevSeq;
      return log.append(movedTo(entries, head));
    },
  });
}

function movedTo(entries: Append, head: number): Append {
  const reader = new Reader(entries.records);
  const records: LogRecord[] = [];
  for (let record = readRecord(reader); record !== null; record = reader.atEnd ? null : readRecord(reader)) {
    records.push({ ...record, seq: record.seq + head - entries.prevSeq });
  }
  const bytes = new Uint8Array(
    records.reduce((sum, record) => sum + recordLength(record, record.body.length), 0),
  );
  let at = 0;
  for (const record of records) at = encodeRecord(bytes, at, record, record.body);
  return { ...entries, prevSeq: head, lastSeq: head + records.length, records: bytes };
}

/** A failed sync is tried once more; the second time the kernel says that all is well. */
export function stubborn(disk: Disk): Disk {
  const retried = async <T>(call: () => Promise<T>): Promise<T> => {
    try {
      return await call();
    } catch (error) {
      if (error instanceof DiskError && error.fault === 'failed') return call();
      throw error;
    }
  };
  const wrapped = (file: DiskFile): DiskFile =>
    override(file, {
      sync: () => retried(() => file.sync()),
      // The bytes are in the kernel's cache already: only the sync is tried again.
      writeDurably: async (at, bytes) => {
        try {
          return await file.writeDurably(at, bytes);
        } catch (error) {
          if (!(error instanceof DiskError) || error.fault !== 'failed') throw error;
          await file.write(at, bytes);
          return bytes.length;
        }
      },
    });
  return override(disk, {
    create: async (path) => wrapped(await disk.create(path)),
    reopen: async (path) => wrapped(await disk.reopen(path)),
  });
}
