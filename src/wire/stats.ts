/** The stats service; rules of games run in a sandbox process. */
import { loadTexts } from '../lib/texts.real.ts';
import { realWorld } from '../lib/world.real.ts';
import type { Files } from '../ports/files/files.ts';
import { SqlJobs } from '../ports/jobs/jobs.sql.ts';
import type { MainDb } from '../ports/main-db/main-db.ts';
import { processSandbox } from '../ports/sandbox/sandbox.process.ts';
import { startStats } from '../services/stats/stats.ts';
import type { Assembly } from './assembly.ts';
import { LOCALES, studioOf } from './studio.ts';

export function wireStats({ settings, log, stops }: Assembly, db: MainDb, files: Files): void {
  const stats = startStats({
    world: realWorld,
    db,
    jobs: new SqlJobs(db, realWorld),
    files,
    sandbox: processSandbox(realWorld.timers),
    texts: loadTexts(LOCALES),
    studio: studioOf(settings),
    log,
  });
  stops.push(() => stats.stop());
}
