/**
 * The stats service: computes the results of finished rooms, one job at a time. A room's log is replayed through
 * the rules that the room pinned, in a child process; then its share card is drawn in another one.
 */
import { join } from 'node:path';
import type { ReleaseManifest } from '../../domain/release.ts';
import type { RoomResult } from '../../domain/result.ts';
import type { Studio } from '../../domain/studio.ts';
import { backoffMs, withFullJitter } from '../../lib/backoff.ts';
import type { Log } from '../../lib/log.ts';
import type { Texts } from '../../lib/texts.ts';
import { startWorkerLoop, type WorkerLoop } from '../../lib/worker-loop.ts';
import type { World } from '../../lib/world.ts';
import type { Files } from '../../ports/files/files.ts';
import type { Job, Jobs } from '../../ports/jobs/jobs.ts';
import type { MainDb } from '../../ports/main-db/main-db.ts';
import { newestReleaseWithRules } from '../../ports/main-db/queries/releases.ts';
import { storeResult } from '../../ports/main-db/queries/results.ts';
import { roomById } from '../../ports/main-db/queries/rooms.ts';
import type { RoomRow } from '../../ports/main-db/schema.ts';
import type { Sandbox } from '../../ports/sandbox/sandbox.ts';
import { cardPath, cardSvg } from './card.ts';
import { readRoomLog } from './room-log-bytes.ts';

export interface StatsDeps {
  readonly world: World;
  readonly db: MainDb;
  readonly jobs: Jobs;
  readonly files: Files;
  readonly sandbox: Sandbox;
  readonly texts: Texts;
  readonly studio: Studio;
  readonly log: Log;
}

const POLL_MS = 1_000;
/**
 * Without rests, stats jobs use all the CPU time that rooms leave on a core, and the kernel thread that submits
 * flushes to the disk waits up to 7 ms to be scheduled. With a third of the time, about four jobs a second are done
 * on such a core.
 */
const REST_TIMES = 2;
const REST_MS_MAX = 1_000;
const REPLAY_MS_MAX = 60_000;
const CARD_MS_MAX = 20_000;
const CHILD_BYTES_MAX = 512 * 1024 * 1024;
/** Longer than the timeouts of both children together, so that no second worker claims a running job. */
const LEASE_MS = 120_000;
/** A retry waits at least RETRY_MS_MIN, plus full jitter up to the backoff. */
const RETRY_MS_MIN = 2_000;
const RETRY = { firstMs: 2 * RETRY_MS_MIN, maxMs: 600_000 };

export function startStats(deps: StatsDeps): WorkerLoop {
  return startWorkerLoop({
    timers: deps.world.timers,
    random: deps.world.random,
    pauseMs: POLL_MS,
    rest: { times: REST_TIMES, msMax: REST_MS_MAX, clock: deps.world.clock },
    work: () => workOnce(deps),
    onError: (error) => deps.log.error('stats', { error: String(error) }),
  });
}

/** Runs one job; false if none is due. */
async function workOnce(deps: StatsDeps): Promise<boolean> {
  const [job] = await deps.jobs.claim('stats', 1, LEASE_MS);
  if (!job) return false;
  try {
    await computeRoom(deps, job);
  } catch (error) {
    await retryOrBury(deps, job, String(error));
  }
  return true;
}

async function computeRoom(deps: StatsDeps, job: Job<'stats'>): Promise<void> {
  const room = await roomById(deps.db.read, job.payload.room);
  if (!room) return void (await deps.jobs.bury(job, 'no such room'));
  const release = await newestReleaseWithRules(deps.db.read, room.game, room.rules_hash);
  if (!release) return void (await deps.jobs.bury(job, `no release of ${room.game} has its rules`));
  const { manifest } = release;
  const replayed = await replay(deps, room, manifest);
  if (!replayed.ok) return retryOrBury(deps, job, replayed.why);
  const { result } = replayed;
  if (result.finished) await drawCard(deps, room, manifest, result);
  const now = deps.world.clock.now();
  await deps.jobs.finishWith(job, (tx) =>
    storeResult(tx, {
      room: room.id,
      game: room.game,
      rules_hash: room.rules_hash,
      finished: result.finished ? 1 : 0,
      duration_ms: result.durationMs,
      hints: result.hints,
      players: result.players,
      detail: JSON.stringify(result),
      computed_at: now,
    }),
  );
}

type Replayed =
  | { readonly ok: true; readonly result: RoomResult }
  | { readonly ok: false; readonly why: string };

async function replay(deps: StatsDeps, room: RoomRow, manifest: ReleaseManifest): Promise<Replayed> {
  const log = await readRoomLog(deps.db, room.id, room.archived_upto);
  if (!log.ok) return log;
  const rules = await deps.files.get(manifest.rules);
  if (!rules) return { ok: false, why: `the file ${manifest.rules} is missing` };
  const outcome = await deps.sandbox.run({
    program: join(import.meta.dir, 'replay.child.ts'),
    inputs: [
      { name: 'rules.mjs', content: rules.bytes },
      { name: 'records', content: log.records },
    ],
    timeMsMax: REPLAY_MS_MAX,
    memoryBytesMax: CHILD_BYTES_MAX,
  });
  if (!outcome.ok) return outcome;
  return { ok: true, result: JSON.parse(new TextDecoder().decode(outcome.output)) as RoomResult };
}

/** Failures are logged only: the result is stored without a card. */
async function drawCard(
  deps: StatsDeps,
  room: RoomRow,
  manifest: ReleaseManifest,
  result: RoomResult,
): Promise<void> {
  const texts = manifest.texts[room.locale] ?? Object.values(manifest.texts)[0];
  const facts = { title: texts?.title ?? room.game, locale: room.locale, result };
  const outcome = await deps.sandbox.run({
    program: join(import.meta.dir, 'card.child.ts'),
    inputs: [{ name: 'card.svg', content: cardSvg(facts, deps.studio, deps.texts) }],
    timeMsMax: CARD_MS_MAX,
    memoryBytesMax: CHILD_BYTES_MAX,
  });
  if (outcome.ok) await deps.files.put(cardPath(room.id), outcome.output, 'image/png');
  else deps.log.error('share card', { room: room.id, error: outcome.why });
}

async function retryOrBury({ jobs, log, world }: StatsDeps, job: Job, error: string): Promise<void> {
  log.error('stats', { job: job.id, error });
  const jitterMs = withFullJitter(backoffMs(RETRY, job.attempt) - RETRY_MS_MIN, world.random);
  await jobs.retryOrBury(job, error, Math.round(RETRY_MS_MIN + jitterMs));
}
