/** The services that speak in the studio's name beside the pages: mailer and stats. */
import { join } from 'node:path';
import type { Settings } from '../config.ts';
import { OperatorError } from '../errors.ts';
import type { Studio } from '../domain/studio.ts';
import { loadTexts } from '../lib/texts.real.ts';
import { realWorld } from '../lib/world.real.ts';
import type { Files } from '../ports/files/files.ts';
import { SqlJobs } from '../ports/jobs/jobs.sql.ts';
import { outboxSender } from '../ports/mail/mail.outbox.ts';
import type { MainDb } from '../ports/main-db/main-db.ts';
import { processSandbox } from '../ports/sandbox/sandbox.process.ts';
import { loadStudio } from '../ports/studio/studio.real.ts';
import type { Assembly } from './assembly.ts';

/** The locales folder lies beside the program, wherever it is started. */
export const LOCALES = join(import.meta.dir, '../../locales');

export async function startMails({ settings, keys, log, url, stops }: Assembly, db: MainDb): Promise<void> {
  const { startMailer } = await import('../services/mailer/mailer.ts');
  const sender = await senderOf(settings);
  const mailer = startMailer({
    world: realWorld,
    db,
    jobs: new SqlJobs(db, realWorld),
    sender,
    keys,
    texts: loadTexts(LOCALES),
    studio: studioOf(settings),
    url,
    log,
  });
  stops.push(async () => {
    await mailer.stop();
    await sender.close();
  });
}

async function senderOf(settings: Settings) {
  if (settings.smtp === '') return outboxSender(outboxDir(settings), realWorld.clock);
  const { smtpSender } = await import('../ports/mail/mail.smtp.ts');
  return smtpSender(settings.smtp);
}

export async function startStatistics(
  { settings, log, stops }: Assembly,
  db: MainDb,
  files: Files,
): Promise<void> {
  const { startStats } = await import('../services/stats/stats.ts');
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

/** Throws the operator's error when the studio's files are not as they must be. */
export function studioOf({ studioDir }: Settings): Studio {
  const loaded = loadStudio(studioDir, loadTexts(LOCALES).locales);
  if (!loaded.ok) throw new OperatorError('studio-invalid', { faults: loaded.faults.join('; ') });
  return loaded.studio;
}

/** Where mails are kept that are not sent. */
export function outboxDir({ dataDir }: Settings): string {
  return join(dataDir, 'outbox');
}
