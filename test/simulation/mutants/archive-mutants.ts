/** Mutants of the archiver: each removes one guard. */
import type { Jobs } from '../../../src/ports/jobs/jobs.ts';
import type { RoomLog } from '../../../src/ports/room-log/room-log.ts';
import { override } from '../override.ts';

/** The log drops entries before the archive has them. */
export function trimsBeforeArchived(log: RoomLog): RoomLog {
  return override(log, {
    read: async (room, afterSeq, maxBytes) => {
      const runs = await log.read(room, afterSeq, maxBytes);
      const last = runs.at(-1)?.last;
      if (last !== undefined) await log.trim(room, last);
      return runs;
    },
  });
}

/** The last byte of what the archiver reads is changed. */
export function corruptsLastByte(log: RoomLog): RoomLog {
  return override(log, {
    read: async (room, afterSeq, maxBytes) => {
      const runs = await log.read(room, afterSeq, maxBytes);
      return runs.map(({ first, last, records }) => {
        const copy = records.slice();
        copy[copy.length - 1] = (copy.at(-1) ?? 0) ^ 1;
        return { first, last, records: copy };
      });
    },
  });
}

/**
 * Chunks are stored without comparing `archived_upto`. Conflicts on the keys of chunks and epochs are
 * ignored, too: they would prevent most of the damage.
 */
export function withoutCompareAndSet(sql: string): string {
  return sql
    .replace('and "archived_upto" = ?', 'and ("archived_upto" = ? or 1)')
    .replace(/^insert into "(chunks|room_epochs)"/, 'insert or ignore into "$1"');
}

/** Inserts into `table` are skipped. */
export function skipsInsertInto(table: string): (sql: string) => string {
  const insert = new RegExp(`^insert into "${table}" \\([^)]*\\) values (.*?)( on conflict .*)?$`);
  return (sql) => sql.replace(insert, 'select * from (values $1) where 0');
}

/** Later states of a client are not stored. */
export function keepsFirstClientState(sql: string): string {
  return sql.replace(
    /^insert into "room_clients"(.*) on conflict .*$/,
    'insert or ignore into "room_clients"$1',
  );
}

/** Each job is enqueued 0 times or twice. */
export function enqueues(times: 0 | 2): (jobs: Jobs) => Jobs {
  return (jobs) =>
    override(jobs, {
      enqueue: async (tx, job, now) => {
        for (let time = 0; time < times; time++)
          await jobs.enqueue(tx, { ...job, key: `${job.key}${time || ''}` }, now);
      },
    });
}
