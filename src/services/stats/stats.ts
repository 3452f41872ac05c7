/**
 * The stats service: results of finished rooms, one job at a time. A room's log is replayed through
 * the rules it pinned, in a child process; then its share card is drawn in another.
 */
import { join } from 'node:path';
import type { ReleaseManifest } from '../../domain/release.ts';
import type { RoomResult } from '../../domain/result.ts';
import type { Studio } from '../../domain/studio.ts';
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
 * Jobs without a rest take all that rooms leave of a core, and the kernel thread that hands a flush to the disk
 * then waits up to 7 ms for its turn. With a third of the time some four jobs a second are done on such a core.
 */
const REST_TIMES = 2;
const REST_MS_MAX = 1_000;
const REPLAY_MS_MAX = 60_000;
const CARD_MS_MAX = 20_000;
const CHILD_BYTES_MAX = 512 * 1024 * 1024;
/** Longer than both children together, so that no second worker takes a job that is under way. */
const LEASE_MS = 120_000;
const RETRY_MS_MIN = 2_000;
const RETRY_MS_MAX = 600_000;

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

/** One job, if there is one. */
async function workOnce(deps: StatsDeps): Promise<boolean> {
  const [job] = await deps.jobs.claim('stats', 1, LEASE_MS);
  if (!job) return false;
  try {
    await computeRoom(deps, job);
  } catch (error) {
    await postpone(deps, job, String(error));
  }
  return true;
}

async function computeRoom(deps: StatsDeps, job: Job<'stats'>): Promise<void> {
  const room = await roomById(deps.db.read, job.payload.room);
  if (!room) return void (await deps.jobs.bury(job, 'no such room'));
  const release = await newestReleaseWithRules(deps.db.read, room.game, room.rules_hash);
  if (!release) return void (await deps.jobs.bury(job, `no release of ${room.game} has its rules`));
  const manifest = JSON.parse(release.manifest) as ReleaseManifest;
  const replayed = await replay(deps, room, manifest);
  if (!replayed.ok) return postpone(deps, job, replayed.why);
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

/** A result without a picture is better than none: a failure here is logged and the result stands. */
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

async function postpone(deps: StatsDeps, job: Job, error: string): Promise<void> {
  deps.log.error('stats', { job: job.id, error });
  if (job.attempt >= job.maxAttempts) await deps.jobs.bury(job, error);
  else await deps.jobs.retry(job, error, backoffMs(job.attempt, deps.world.random.next()));
}

/** Full jitter between the least and a bound that doubles with every try. */
function backoffMs(attempt: number, chance: number): number {
  const bound = Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** attempt);
  return Math.round(RETRY_MS_MIN + chance * (bound - RETRY_MS_MIN));
}
