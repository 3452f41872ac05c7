/** Reads from the main database of a line's server which rooms are archived. */
import { Database } from 'bun:sqlite';
import { join } from 'node:path';

const POLL_MS = 100;
const WAIT_MS_MAX = 60_000;

export interface Archived {
  /** The ids of all rooms. */
  readonly ids: readonly string[];
  /** The number of rooms with entries in the archive, and of those whose finish is archived. */
  readonly started: number;
  readonly finished: number;
}

export function readArchived(dataDir: string): Archived {
  const db = new Database(join(dataDir, 'main.sqlite'), { readonly: true });
  const sql = 'select id, archived_upto as upto, finished_at as finishedAt from rooms order by id';
  const rows = db.query<{ id: string; upto: number; finishedAt: number | null }, []>(sql).all();
  db.close();
  return {
    ids: rows.map(({ id }) => id),
    started: rows.filter(({ upto }) => upto > 0).length,
    finished: rows.filter(({ finishedAt }) => finishedAt !== null).length,
  };
}

/** Waits until the finish of that many rooms is archived. The archiver archives a finished room at once. */
export async function waitForFinished(dataDir: string, rooms: number): Promise<void> {
  for (let waited = 0; readArchived(dataDir).finished < rooms; waited += POLL_MS) {
    if (waited > WAIT_MS_MAX) throw new Error('the finished rooms were not archived');
    await Bun.sleep(POLL_MS);
  }
}
