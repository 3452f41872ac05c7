/** What the main database of a line's server says of its rooms. */
import { Database } from 'bun:sqlite';
import { join } from 'node:path';

const LOOK_MS = 100;
const SWEPT_MS_MAX = 60_000;

/** How many rooms have something in the archive, and how many their finish. */
export function archivedRooms(dataDir: string): { readonly begun: number; readonly finished: number } {
  const db = new Database(join(dataDir, 'main.sqlite'), { readonly: true });
  const sql = 'select count(archived_upto > 0 or null) as begun, count(finished_at) as finished from rooms';
  const counts = db.query<{ begun: number; finished: number }, []>(sql).get();
  db.close();
  return counts ?? { begun: 0, finished: 0 };
}

/** A finish in the log has its room archived at once: waits until that is true of so many rooms. */
export async function untilFinished(dataDir: string, rooms: number): Promise<void> {
  for (let waited = 0; archivedRooms(dataDir).finished < rooms; waited += LOOK_MS) {
    if (waited > SWEPT_MS_MAX) throw new Error('the finished rooms were not archived');
    await Bun.sleep(LOOK_MS);
  }
}
