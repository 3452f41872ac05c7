/** What the main database of a line's server says of its rooms. */
import { Database } from 'bun:sqlite';
import { join } from 'node:path';

const LOOK_MS = 100;
const SWEPT_MS_MAX = 60_000;

export interface Archived {
  /** Of all rooms. */
  readonly ids: readonly string[];
  /** How many rooms have something in the archive, and how many their finish. */
  readonly begun: number;
  readonly finished: number;
}

export function archivedRooms(dataDir: string): Archived {
  const db = new Database(join(dataDir, 'main.sqlite'), { readonly: true });
  const sql = 'select id, archived_upto as upto, finished_at as finishedAt from rooms order by id';
  const rows = db.query<{ id: string; upto: number; finishedAt: number | null }, []>(sql).all();
  db.close();
  return {
    ids: rows.map(({ id }) => id),
    begun: rows.filter(({ upto }) => upto > 0).length,
    finished: rows.filter(({ finishedAt }) => finishedAt !== null).length,
  };
}

/** A finish in the log has its room archived at once: waits until that is true of so many rooms. */
export async function untilFinished(dataDir: string, rooms: number): Promise<void> {
  for (let waited = 0; archivedRooms(dataDir).finished < rooms; waited += LOOK_MS) {
    if (waited > SWEPT_MS_MAX) throw new Error('the finished rooms were not archived');
    await Bun.sleep(LOOK_MS);
  }
}
