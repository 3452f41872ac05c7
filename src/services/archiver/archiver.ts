/**
 * The archiver: moves messages from the live room log into the main database and frees live memory.
 * It runs in the process that has the log. Which rooms are due is decided here; what is done for
 * one of them stands in `sweep.ts`.
 */
import type { Log } from '../../lib/log.ts';
import { type WorkerLoop, startWorkerLoop } from '../../lib/worker-loop.ts';
import type { Jobs } from '../../ports/jobs/jobs.ts';
import type { LiveRoom } from '../../ports/room-log/room-log.ts';
import { BACKLOG_TURN_MS, Backlog } from './backlog.ts';
import { GROUP_STEPS_MAX, StepGroup } from './step-group.ts';
import { RetryTracker } from './retry-tracker.ts';
import { type SweepDeps, type SweepOutcome, sweepRoom } from './sweep.ts';

export interface ArchiverDeps extends Omit<SweepDeps, 'steps'> {
  readonly jobs: Jobs;
  readonly log: Log;
}

export interface Archiver {
  /** Archives the room as far as it is durable, now. Throws when the database or the log fails. */
  sweep(room: string): Promise<SweepOutcome>;
  /** Soon and without waiting: a finish is in the log. */
  sweepSoon(room: string): void;
  /** Every room once, whatever its age; rooms that fail are told and left. */
  flush(): Promise<void>;
  /** No further sweep begins; resolves when those under way are over. */
  stop(): Promise<void>;
  /** null if well, else a sentence. */
  health(): string | null;
}

/** All rooms are looked at so often, ms. */
const LOOK_MS = 30_000;
/** A room is due when it has so many entries, or one so old (ms), in the live log. */
const DUE_ENTRIES = 256;
const DUE_AGE_MS = 60_000;
/** Rooms swept at once: while some are in a transaction, the next ones read and compress. */
export const SWEEPS_MAX = 2 * GROUP_STEPS_MAX;

export function startArchiver(deps: ArchiverDeps): Archiver {
  return new ArchiverService(deps);
}

class ArchiverService implements Archiver {
  private readonly deps: ArchiverDeps & SweepDeps;
  private readonly troubles: RetryTracker;
  private readonly loop: WorkerLoop;
  /** Sweeps under way: a room is swept by one at a time. */
  private readonly underWay = new Map<string, Promise<SweepOutcome>>();
  private readonly soon = new Set<string>();
  /** Null before the first look. */
  private leftOver: Backlog | null = null;
  private cancelTurn: () => void = () => {};
  private nextLook = 0;
  private stopped = false;

  constructor(deps: ArchiverDeps) {
    const { db, jobs, world } = deps;
    this.deps = { ...deps, steps: new StepGroup({ db, jobs, clock: world.clock }) };
    this.troubles = new RetryTracker(deps.world);
    const { timers, random } = deps.world;
    this.loop = startWorkerLoop({
      timers,
      random,
      pauseMs: LOOK_MS,
      work: () => this.work(),
      onError: (error) => deps.log.error('archiver-look-failed', { error: String(error) }),
    });
  }

  async sweep(room: string): Promise<SweepOutcome> {
    // Whoever asks wants what is durable now; a sweep under way may have read before that.
    await this.underWay.get(room)?.catch(() => {});
    const present = this.underWay.get(room);
    if (present) return present;
    const sweeping = sweepRoom(this.deps, room).finally(() => this.underWay.delete(room));
    this.underWay.set(room, sweeping);
    return sweeping;
  }

  sweepSoon(room: string): void {
    this.soon.add(room);
    this.loop.wake();
  }

  async flush(): Promise<void> {
    const live = await this.deps.roomLog.liveRooms();
    await this.sweepAll(live.map((each) => each.room));
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.cancelTurn();
    await this.loop.stop();
    await Promise.allSettled(this.underWay.values());
  }

  health(): string | null {
    return this.troubles.sentence();
  }

  /** One look: what was asked for, what was left over, and all rooms that are due when their time has come. */
  private async work(): Promise<boolean> {
    const { clock, timers } = this.deps.world;
    const due = clock.mono() >= this.nextLook ? await this.look() : [];
    const { leftOver } = this;
    await this.sweepAll([...(leftOver?.take() ?? []), ...due]);
    this.cancelTurn();
    if (leftOver && leftOver.size > 0 && !this.stopped) {
      this.cancelTurn = timers.after(BACKLOG_TURN_MS, () => this.loop.wake());
    }
    return this.soon.size > 0;
  }

  private async look(): Promise<readonly string[]> {
    const { clock } = this.deps.world;
    this.nextLook = clock.mono() + LOOK_MS;
    const live = await this.deps.roomLog.liveRooms();
    this.troubles.keep(new Set(live.map((each) => each.room)));
    const leftOver = (this.leftOver ??= new Backlog(
      clock,
      live.filter(isLeftOver).map((each) => each.room),
    ));
    const now = clock.now();
    const due = live.filter((each) => isDue(each, now) && !leftOver.has(each.room));
    return due.map((each) => each.room).filter((room) => !this.troubles.mustWait(room));
  }

  private async sweepAll(rooms: readonly string[]): Promise<void> {
    const waiting = rooms.values();
    const count = Math.min(SWEEPS_MAX, rooms.length + this.soon.size);
    const sweepers = Array.from({ length: count }, async () => {
      for (;;) {
        const room = this.askedFor() ?? waiting.next().value;
        if (room === undefined || this.stopped) return;
        await this.sweepAndTell(room);
      }
    });
    await Promise.all(sweepers);
  }

  /** Goes before rooms that are only due: somebody waits for the result. */
  private askedFor(): string | undefined {
    const [room] = this.soon;
    if (room !== undefined) this.soon.delete(room);
    return room;
  }

  /** Never throws: one room must not keep the others from being archived. */
  private async sweepAndTell(room: string): Promise<void> {
    const { log } = this.deps;
    try {
      const outcome = await this.sweep(room);
      if (outcome.kind === 'archived') return this.troubles.clear(room);
      const why = outcome.kind === 'unknown' ? 'the main database does not know it' : outcome.why;
      this.troubles.add(room, why);
      log.error(outcome.kind === 'unknown' ? 'room-unknown' : 'room-quarantined', { room, why });
    } catch (error) {
      this.troubles.add(room, String(error));
      log.error('sweep-failed', { room, error: String(error) });
    }
  }
}

/** Its oldest entry is from before this process. */
function isLeftOver({ oldestAt }: LiveRoom): boolean {
  return oldestAt === 0;
}

function isDue({ head, trimmed, oldestAt }: LiveRoom, now: number): boolean {
  return head.seq - trimmed >= DUE_ENTRIES || now - oldestAt >= DUE_AGE_MS;
}
