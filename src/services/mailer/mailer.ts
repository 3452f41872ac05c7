/**
 * The mailer: sends the mails that jobs ask for, with retries. A mail keeps its message id over
 * all tries, so that one sent twice is one mail to its reader.
 */
import type { Log } from '../../lib/log.ts';
import { startWorkerLoop, type WorkerLoop } from '../../lib/worker-loop.ts';
import type { World } from '../../lib/world.ts';
import type { Job, Jobs } from '../../ports/jobs/jobs.ts';
import type { MailSender } from '../../ports/mail/mail.ts';
import { compose, type ComposeDeps } from './compose.ts';

export interface MailerDeps extends ComposeDeps {
  readonly world: World;
  readonly jobs: Jobs;
  readonly sender: MailSender;
  readonly log: Log;
}

const POLL_MS = 1_000;
/** Mails taken at once; they go out one after another. */
const BATCH = 5;
/** Longer than a batch can take with every time-out of the sender. */
const LEASE_MS = 600_000;
/** 30 s, 1, 2, 4 … minutes, at most 2 hours: with 12 tries about half a day. */
const RETRY_MS_MIN = 30_000;
const RETRY_MS_MAX = 7_200_000;

export function startMailer(deps: MailerDeps): WorkerLoop {
  return startWorkerLoop({
    timers: deps.world.timers,
    random: deps.world.random,
    pauseMs: POLL_MS,
    work: () => workOnce(deps),
    onError: (error) => deps.log.error('mailer', { error: String(error) }),
  });
}

async function workOnce(deps: MailerDeps): Promise<boolean> {
  const jobs = await deps.jobs.claim('mail', BATCH, LEASE_MS);
  for (const job of jobs) await deliver(deps, job);
  return jobs.length > 0;
}

async function deliver(deps: MailerDeps, job: Job<'mail'>): Promise<void> {
  try {
    const mail = await compose(deps, job);
    if (mail === null) return void (await deps.jobs.finish(job));
    const outcome = await deps.sender.send(mail);
    if (outcome.ok) await deps.jobs.finish(job);
    else if (outcome.permanent) await bury(deps, job, outcome.error);
    else await postpone(deps, job, outcome.error);
  } catch (error) {
    await postpone(deps, job, String(error));
  }
}

async function postpone(deps: MailerDeps, job: Job, error: string): Promise<void> {
  if (job.attempt >= job.maxAttempts) return bury(deps, job, error);
  const bound = Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** (job.attempt - 1));
  // Half fixed, half by chance: spread, but never at once.
  await deps.jobs.retry(job, error, Math.round((bound / 2) * (1 + deps.world.random.next())));
}

/** A dead letter: shown to the operator, who can have it sent again. */
async function bury(deps: MailerDeps, job: Job, error: string): Promise<void> {
  deps.log.error('mail given up', { job: job.id, attempt: job.attempt, error });
  await deps.jobs.bury(job, error);
}
