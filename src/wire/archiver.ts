/** The archiver of this process's room log. */
import { pause } from '../lib/pause.ts';
import { realWorld } from '../lib/world.real.ts';
import { SqlJobs } from '../ports/jobs/jobs.sql.ts';
import type { MainDb } from '../ports/main-db/main-db.ts';
import type { RoomLog } from '../ports/room-log/room-log.ts';
import { type Archiver, startArchiver } from '../services/archiver/archiver.ts';
import type { Assembly } from './assembly.ts';

/** Time for the last sweep of a graceful stop; what it does not archive is archived after the next start. */
const FLUSH_MS_MAX = 8_000;

export function wireArchiver({ log, health, stops }: Assembly, db: MainDb, roomLog: RoomLog): Archiver {
  const jobs = new SqlJobs(db, realWorld);
  const archiver = startArchiver({ world: realWorld, db, jobs, roomLog, log });
  health['archiver'] = () => archiver.health();
  stops.push(async (mode) => {
    if (mode === 'graceful') await Promise.race([archiver.flush(), pause(realWorld.timers, FLUSH_MS_MAX)]);
    await archiver.stop();
  });
  return archiver;
}
