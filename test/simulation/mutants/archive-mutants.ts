/** Archivers with one guard removed, for the planted bugs. */
import type { Jobs } from '../../../src/ports/jobs/jobs.ts';
import type { RoomLog } from '../../../src/ports/room-log/room-log.ts';
import { override } from '../override.ts';

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

/** What the archiver reads has another byte at its end. */
export function garbled(log: RoomLog): RoomLog {
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

/** Nor do the keys of chunks and epochs stand in the way: they would catch most of it. */
export function withoutCompareAndSet(sql: string): string {
  return sql
    .replace('and "archived_upto" = ?', 'and ("archived_upto" = ? or 1)')
    .replace(/^insert into "(chunks|room_epochs)"/, 'insert or ignore into "$1"');
}

/** What goes into `table` is left out of the transaction. */
export function leavingOut(table: string): (sql: string) => string {
  const insert = new RegExp(`^insert into "${table}" \\([^)]*\\) values (.*?)( on conflict .*)?$`);
  return (sql) => sql.replace(insert, 'select * from (values $1) where 0');
}

/** Of clients only the first state is kept. */
export function withoutUpdate(sql: string): string {
  return sql.replace(
    /^insert into "room_clients"(.*) on conflict .*$/,
    'insert or ignore into "room_clients"$1',
  );
}

/** A job is not left behind, or two are. */
export function enqueued(times: 0 | 2): (jobs: Jobs) => Jobs {
  return (jobs) =>
    override(jobs, {
      enqueue: async (tx, job, now) => {
        for (let time = 0; time < times; time++)
          await jobs.enqueue(tx, { ...job, key: `${job.key}${time || ''}` }, now);
      },
    });
}
