/**
 * The mailer: sends the mails of `mail` jobs, with retries. A mail keeps its message id over all
 * attempts, so that mail programs can recognise one that was sent twice.
 */
import { backoffMs, withEqualJitter } from '../../lib/backoff.ts';
import type { Log } from '../../lib/log.ts';
import { startWorkerLoop, type WorkerLoop } from '../../lib/worker-loop.ts';
import type { World } from '../../lib/world.ts';
import { isLastAttempt, type Job, type Jobs } from '../../ports/jobs/jobs.ts';
import type { MailSender } from '../../ports/mail/mail.ts';
import { compose, type ComposeDeps } from './compose.ts';

export interface MailerDeps extends ComposeDeps {
  readonly world: World;
  readonly jobs: Jobs;
  readonly sender: MailSender;
  readonly log: Log;
}

const POLL_MS = 1_000;
/** Jobs claimed at once; their mails are sent one after another. */
const BATCH = 5;
/** Longer than a batch can take if every mail runs into the sender's timeouts. */
const LEASE_MS = 600_000;
/** Before jitter: 30 s, 1, 2, 4 … minutes, at most 2 hours; the 10 attempts take about 4 hours. */
const RETRY = { firstMs: 30_000, maxMs: 7_200_000 };

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
    else await fail(deps, job, outcome.error, outcome.permanent);
  } catch (error) {
    await fail(deps, job, String(error), false);
  }
}

async function fail(deps: MailerDeps, job: Job, error: string, permanent: boolean): Promise<void> {
  const { jobs, log, world } = deps;
  if (permanent || isLastAttempt(job)) {
    log.error('mail given up', { job: job.id, attempt: job.attempt, error });
    return void (await jobs.bury(job, error));
  }
  const delayMs = withEqualJitter(backoffMs(RETRY, job.attempt), world.random);
  await jobs.retryOrBury(job, error, Math.round(delayMs));
}
