/** Mutants of the room log: each removes one guard. */
import { Reader } from '../../../sdk/protocol/bytes.ts';
import { encodeRecord, type LogRecord, readRecord, recordLength } from '../../../sdk/protocol/record.ts';
import type { Append, AppendOutcome, RoomLog } from '../../../src/ports/room-log/room-log.ts';
import { override } from '../override.ts';

/** Reports an append as committed before it is; other calls wait for it. */
export function acknowledgesBeforeCommit(log: RoomLog): RoomLog {
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

/** Reports one outcome of an append as another. */
export function reportsOutcomeAs(outcome: AppendOutcome, reported: AppendOutcome): (log: RoomLog) => RoomLog {
  return (log) =>
    override(log, {
      append: async (entries) => {
        const actual = await log.append(entries);
        return actual === outcome ? reported : actual;
      },
    });
}

/** The head of an opened room has time 0. */
export function forgetsRoomTime(log: RoomLog): RoomLog {
  return override(log, {
    open: async (room, epoch, archived) => {
      const opened = await log.open(room, epoch, archived);
      return opened.ok ? { ...opened, head: { ...opened.head, ms: 0 } } : opened;
    },
  });
}

/** Records in `assigned` the last seq of each unfinished append. */
export function tracksAssigned(log: RoomLog, assigned: Map<string, number>): RoomLog {
  return override(log, {
    append: async (entries) => {
      assigned.set(entries.room, entries.lastSeq);
      const outcome = await log.append(entries);
      assigned.delete(entries.room);
      return outcome;
    },
  });
}

/**
 * A log that opens an open epoch once more. The journal would refuse that: it gets the next epoch, and its
 * heads are translated back.
 */
export function reopensSameEpoch(log: RoomLog): RoomLog {
  /** Room → an epoch, and the epoch under which the journal has it. */
  const known = new Map<string, { readonly epoch: number; readonly as: number }>();
  const asKnown = (room: string, epoch: number): number => {
    const found = known.get(room);
    return found?.epoch === epoch ? found.as : epoch;
  };
  return override(log, {
    open: async (room, epoch, archived) => {
      const as = asKnown(room, epoch);
      const outcome = await log.open(room, as, archived);
      if (outcome.ok || outcome.why !== 'fenced' || outcome.epoch !== as) return outcome;
      // The archive has the room in this epoch: the caller only checks the fence.
      if (archived.epoch >= epoch) return { ...outcome, epoch };
      const again = await log.open(room, as + 1, archived);
      if (again.ok) known.set(room, { epoch, as: as + 1 });
      return again.ok ? { ...again, head: { ...again.head, epoch } } : again;
    },
    append: (entries) => log.append({ ...entries, epoch: asKnown(entries.room, entries.epoch) }),
    release: (room, epoch) => log.release(room, asKnown(room, epoch)),
  });
}

/** A log that compares only the head: with the right head, an append succeeds whatever epoch is open. */
export function withoutFence(log: RoomLog): RoomLog {
  const opened = new Map<string, number>();
  return override(log, {
    open: async (room, epoch, archived) => {
      const outcome = await log.open(room, epoch, archived);
      if (outcome.ok) opened.set(room, epoch);
      return outcome;
    },
    append: async (entries) => {
      const outcome = await log.append(entries);
      const epoch = opened.get(entries.room) ?? 0;
      return outcome === 'fenced' && epoch > entries.epoch ? log.append({ ...entries, epoch }) : outcome;
    },
  });
}

/** Appends with an unknown outcome are appended again after the present head. */
export function retriesUnknown(log: RoomLog): RoomLog {
  return override(log, {
    append: async (entries) => {
      const outcome = await log.append(entries);
      if (outcome !== 'unknown') return outcome;
      const runs = await log.read(entries.room, entries.prevSeq, Number.MAX_SAFE_INTEGER).catch(() => []);
      const head = runs.at(-1)?.last ?? entries.prevSeq;
      return log.append(renumbered(entries, head));
    },
  });
}

function renumbered(entries: Append, head: number): Append {
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
