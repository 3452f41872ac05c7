/**
 * The archiver: moves records from the live room log into the main database and frees the log's memory.
 * It runs in the process that owns the log. This file decides which rooms are due; `sweep.ts` archives
 * one room.
 */
import type { Log } from '../../lib/log.ts';
import { type WorkerLoop, startWorkerLoop } from '../../lib/worker-loop.ts';
import type { Jobs } from '../../ports/jobs/jobs.ts';
import type { LiveRoom } from '../../ports/room-log/room-log.ts';
import { BACKLOG_INTERVAL_MS, Backlog } from './backlog.ts';
import { BATCH_STEPS_MAX, StepBatcher } from './step-batcher.ts';
import { RetryTracker } from './retry-tracker.ts';
import { type SweepDeps, type SweepOutcome, sweepRoom } from './sweep.ts';

export interface ArchiverDeps extends Omit<SweepDeps, 'batcher'> {
  readonly jobs: Jobs;
  readonly log: Log;
}

export interface Archiver {
  /** Archives everything that is durable now. Rejects when the database or the log fails. */
  sweep(room: string): Promise<SweepOutcome>;
  /** Starts a sweep of the room before those of other due rooms; does not wait for it. Used when a room is finished. */
  requestSweep(room: string): void;
  /** Sweeps every room once, whatever its age; failures are logged. */
  flush(): Promise<void>;
  /** Starts no further sweep; resolves when the running ones have ended. */
  stop(): Promise<void>;
  /** null if healthy, else a sentence about the fault. */
  health(): string | null;
}

/** Interval of the scan for due rooms. */
const SCAN_MS = 30_000;
/** A room is due when the live log has this many entries of it, or one of this age (ms). */
const DUE_ENTRIES = 256;
const DUE_AGE_MS = 60_000;
/** Concurrent sweeps: while one batch is in a transaction, the rooms of the next one read and compress. */
export const SWEEPS_MAX = 2 * BATCH_STEPS_MAX;

export function startArchiver(deps: ArchiverDeps): Archiver {
  return new ArchiverService(deps);
}

class ArchiverService implements Archiver {
  private readonly deps: ArchiverDeps & SweepDeps;
  private readonly retries: RetryTracker;
  private readonly loop: WorkerLoop;
  /** At most one sweep per room. */
  private readonly activeSweeps = new Map<string, Promise<SweepOutcome>>();
  /** Rooms of `requestSweep`. */
  private readonly requested = new Set<string>();
  /** Null before the first scan. */
  private backlog: Backlog | null = null;
  private cancelBacklogTimer: () => void = () => {};
  private nextScanAt = 0;
  private stopped = false;

  constructor(deps: ArchiverDeps) {
    const { db, jobs, world } = deps;
    this.deps = { ...deps, batcher: new StepBatcher({ db, jobs, clock: world.clock }) };
    this.retries = new RetryTracker(deps.world);
    const { timers, random } = deps.world;
    this.loop = startWorkerLoop({
      timers,
      random,
      pauseMs: SCAN_MS,
      work: () => this.work(),
      onError: (error) => deps.log.error('archiver-scan-failed', { error: String(error) }),
    });
  }

  async sweep(room: string): Promise<SweepOutcome> {
    // The running sweep may have read the log before this call: wait for it and start another one.
    await this.activeSweeps.get(room)?.catch(() => {});
    const active = this.activeSweeps.get(room);
    if (active) return active;
    const sweeping = sweepRoom(this.deps, room).finally(() => this.activeSweeps.delete(room));
    this.activeSweeps.set(room, sweeping);
    return sweeping;
  }

  requestSweep(room: string): void {
    this.requested.add(room);
    this.loop.wake();
  }

  async flush(): Promise<void> {
    const live = await this.deps.roomLog.liveRooms();
    await this.sweepAll(live.map((each) => each.room));
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.cancelBacklogTimer();
    await this.loop.stop();
    await Promise.allSettled(this.activeSweeps.values());
  }

  health(): string | null {
    return this.retries.health();
  }

  /** One poll: sweeps requested rooms, the present share of the backlog and, if a scan is due, all due rooms. */
  private async work(): Promise<boolean> {
    const { clock, timers } = this.deps.world;
    const due = clock.mono() >= this.nextScanAt ? await this.scan() : [];
    const { backlog } = this;
    await this.sweepAll([...(backlog?.take() ?? []), ...due]);
    this.cancelBacklogTimer();
    if (backlog && backlog.size > 0 && !this.stopped) {
      this.cancelBacklogTimer = timers.after(BACKLOG_INTERVAL_MS, () => this.loop.wake());
    }
    return this.requested.size > 0;
  }

  /** Returns the rooms that are due. */
  private async scan(): Promise<readonly string[]> {
    const { clock } = this.deps.world;
    this.nextScanAt = clock.mono() + SCAN_MS;
    const live = await this.deps.roomLog.liveRooms();
    this.retries.retain(new Set(live.map((each) => each.room)));
    const backlog = (this.backlog ??= new Backlog(
      clock,
      live.filter(isBacklog).map((each) => each.room),
    ));
    const now = clock.now();
    const due = live.filter((each) => isDue(each, now) && !backlog.has(each.room));
    return due.map((each) => each.room).filter((room) => !this.retries.isBackingOff(room));
  }

  private async sweepAll(rooms: readonly string[]): Promise<void> {
    const waiting = rooms.values();
    const count = Math.min(SWEEPS_MAX, rooms.length + this.requested.size);
    const sweepers = Array.from({ length: count }, async () => {
      for (;;) {
        const room = this.nextRequested() ?? waiting.next().value;
        if (room === undefined || this.stopped) return;
        await this.sweepAndReport(room);
      }
    });
    await Promise.all(sweepers);
  }

  /** Requested rooms are swept before rooms that are only due: players wait for their results. */
  private nextRequested(): string | undefined {
    const [room] = this.requested;
    if (room !== undefined) this.requested.delete(room);
    return room;
  }

  /** Never rejects: the failure of one room must not stop the sweeps of others (I6). */
  private async sweepAndReport(room: string): Promise<void> {
    const { log } = this.deps;
    try {
      const outcome = await this.sweep(room);
      if (outcome.kind === 'archived') return this.retries.recordSuccess(room);
      const why = outcome.kind === 'unknown' ? 'it is not in the main database' : outcome.why;
      this.retries.recordFailure(room, why);
      log.error(outcome.kind === 'unknown' ? 'room-unknown' : 'room-quarantined', { room, why });
    } catch (error) {
      this.retries.recordFailure(room, String(error));
      log.error('sweep-failed', { room, error: String(error) });
    }
  }
}

/** The room's oldest entry was written by an earlier process. */
function isBacklog({ oldestAt }: LiveRoom): boolean {
  return oldestAt === 0;
}

function isDue({ head, trimmed, oldestAt }: LiveRoom, now: number): boolean {
  return head.seq - trimmed >= DUE_ENTRIES || now - oldestAt >= DUE_AGE_MS;
}
