/** The mailer: sends by SMTP, or writes to the outbox folder. */
import type { Settings } from '../config.ts';
import { loadTexts } from '../lib/texts.real.ts';
import { realWorld } from '../lib/world.real.ts';
import { SqlJobs } from '../ports/jobs/jobs.sql.ts';
import { outboxSender } from '../ports/mail/mail.outbox.ts';
import type { MainDb } from '../ports/main-db/main-db.ts';
import { startMailer } from '../services/mailer/mailer.ts';
import type { Assembly } from './assembly.ts';
import { outboxDir } from './outbox.ts';
import { LOCALES, studioOf } from './studio.ts';

export async function wireMailer({ settings, keys, log, url, stops }: Assembly, db: MainDb): Promise<void> {
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
