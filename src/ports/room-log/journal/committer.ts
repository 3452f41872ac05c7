/**
 * Group commit: collects operations of all rooms and writes them with one disk call.
 *
 * Timing: a commit starts at once if the last one started at least COMMIT_INTERVAL_MS ago, otherwise after the rest
 * of that time. It takes everything in the queue, but at most one operation per room. Trims join the next commit;
 * without one they are written after TRIM_DELAY_MS. After a commit that took longer than the interval, the next
 * write is passed to the disk before the operations of the last one resolve: the disk writes while rooms send.
 *
 * States: serving → hold (disk full or too many live bytes; probed until there is space) → serving; any → failed
 * (disk error: the state on disk is unknown, so the process must stop and recover); any → closed. On hold only trims
 * are written, at each probe, because they lead to free segments.
 */
import { backoffMs } from '../../../lib/backoff.ts';
import type { World } from '../../../lib/world.ts';
import { CommitBatch, type Operation, queuedBytesOf } from './commit-batch.ts';
import type { LogState } from '../room-log.ts';
import type { JournalRoom } from './journal-room.ts';
import type { JournalRooms } from './journal-rooms.ts';
import type { SegmentWriter } from './segment-writer.ts';

export const COMMIT_INTERVAL_MS = 2;
export const TRIM_DELAY_MS = 1_000;
/** Time between two probes of the disk on hold. */
const PROBE_BACKOFF = { firstMs: 250, maxMs: 5_000 };

export interface CommitterLimits {
  /** Operations beyond this are refused. */
  readonly queueBytesMax: number;
  /** Live bytes of all rooms; beyond this the journal goes on hold. */
  readonly liveBytesMax: number;
  /** A hold ends when the journal can allocate a commit of this size. */
  readonly probeBytes: number;
}

export interface CommitterDeps {
  readonly world: World;
  readonly rooms: JournalRooms;
  readonly writer: SegmentWriter;
  readonly limits: CommitterLimits;
  /** Called once, in state failed. */
  readonly fatal: (error: Error) => void;
}

export class Committer {
  private readonly deps: CommitterDeps;
  private readonly batch: CommitBatch;
  private readonly listeners: ((state: LogState) => void)[] = [];
  private state: LogState | 'failed' = 'serving';
  private closing = false;
  private queue: Operation[] = [];
  private queuedBytes = 0;
  private pendingTrims = new Set<JournalRoom>();
  /** Trims enqueued before this time (monotonic ms) are durable. */
  private trimsDurableAt: number;
  /** A commit or a probe is in progress. */
  private busy = false;
  /** When the last commit started, monotonic ms. */
  private lastCommitAt = Number.NEGATIVE_INFINITY;
  /** Probes scheduled in this hold. */
  private probes = 0;
  /** A microtask will start the next commit. */
  private commitQueued = false;
  private cancelCommitTimer: (() => void) | null = null;
  private cancelTrimTimer: (() => void) | null = null;
  private cancelProbe: (() => void) | null = null;
  private idleWaiters: (() => void)[] = [];

  constructor(deps: CommitterDeps) {
    this.deps = deps;
    this.batch = new CommitBatch(deps.rooms);
    this.trimsDurableAt = deps.world.clock.mono();
  }

  onState(listener: (state: LogState) => void): void {
    this.listeners.push(listener);
  }

  /** false = refused; the operation will not be resolved. */
  enqueue(operation: Operation): boolean {
    if (this.state !== 'serving' || this.closing) return false;
    const bytes = queuedBytesOf(operation);
    if (this.queuedBytes + bytes > this.deps.limits.queueBytesMax) return false;
    this.queue.push(operation);
    this.queuedBytes += bytes;
    operation.room.pending++;
    this.schedule();
    return true;
  }

  /** Writes the room's trim position, which has changed in memory, with one of the next commits. */
  enqueueTrim(room: JournalRoom): void {
    if (this.closing || this.state === 'failed') return;
    this.pendingTrims.add(room);
    this.schedule();
  }

  /** All trims enqueued before the returned time (monotonic ms) are durable. */
  trimsDurableBefore(): number {
    return this.pendingTrims.size === 0 && !this.busy ? this.deps.world.clock.mono() : this.trimsDurableAt;
  }

  /** true = the journal must not access the disk. */
  get hasFailed(): boolean {
    return this.state === 'failed';
  }

  /** Writes the queue, refusing what cannot be written, and stops. */
  async close(): Promise<void> {
    this.closing = true;
    this.cancelTimers();
    this.schedule();
    while (this.state !== 'failed' && (this.busy || this.commitQueued || this.cancelCommitTimer)) {
      await new Promise<void>((resolve) => this.idleWaiters.push(resolve));
    }
    this.cancelTimers();
  }

  private schedule(): void {
    if (this.busy || this.commitQueued || this.state !== 'serving') return;
    if (this.queue.length === 0 && !(this.closing && this.pendingTrims.size > 0))
      return this.scheduleTrimCommit();
    const { clock, timers } = this.deps.world;
    const wait = this.lastCommitAt + COMMIT_INTERVAL_MS - clock.mono();
    if (wait > 0) {
      this.cancelCommitTimer ??= timers.after(wait, () => this.startCommits());
      return;
    }
    // Start without a timer where possible: timers are late under load and round up to milliseconds.
    this.commitQueued = true;
    // In a microtask, so that appends of the same turn share the commit.
    queueMicrotask(() => {
      if (this.commitQueued) this.startCommits();
    });
  }

  private scheduleTrimCommit(): void {
    if (this.pendingTrims.size === 0 || this.cancelTrimTimer || this.closing) return;
    this.cancelTrimTimer = this.deps.world.timers.after(TRIM_DELAY_MS, () => {
      this.cancelTrimTimer = null;
      if (!this.busy && !this.commitQueued && !this.cancelCommitTimer && this.state === 'serving')
        this.startCommits();
    });
  }

  private startCommits(): void {
    this.cancelCommitTimer?.();
    this.cancelCommitTimer = null;
    this.commitQueued = false;
    this.busy = true;
    this.commitLoop()
      .catch((error: unknown) => this.fail(error))
      .finally(() => {
        this.busy = false;
        this.schedule();
        for (const resolve of this.idleWaiters.splice(0)) resolve();
      });
  }

  /** Writes commits while operations are queued and the interval allows the next one. */
  private async commitLoop(): Promise<void> {
    const { rooms, writer, limits, world } = this.deps;
    for (;;) {
      const began = world.clock.mono();
      this.lastCommitAt = began;
      const trims = this.pendingTrims;
      this.pendingTrims = new Set();
      this.queue = this.batch.take(this.queue, trims);
      this.queuedBytes = 0;
      for (const operation of this.queue) this.queuedBytes += queuedBytesOf(operation);
      if (this.batch.isEmpty) return;
      const isFull = rooms.bytes + this.batch.recordBytes > limits.liveBytesMax;
      const outcome = isFull ? 'full' : await writer.write(this.batch.payload());
      if (outcome === 'full') {
        for (const room of trims) this.pendingTrims.add(room);
        return this.enterHold();
      }
      this.applyBatch(began);
      if (this.closing || this.queue.length === 0 || world.clock.mono() < began + COMMIT_INTERVAL_MS) return;
    }
  }

  /** The commit that started at `began` is durable. */
  private applyBatch(began: number): void {
    const { rooms, writer, world } = this.deps;
    this.trimsDurableAt = began;
    // Callers continue in microtasks: after the next write of `commitLoop` has started.
    this.batch.apply({ segment: rooms.usageOf(writer.segment), at: world.clock.now() });
  }

  private enterHold(): void {
    if (this.state === 'failed') return;
    this.state = 'hold';
    this.refuseAll('refused');
    this.probes = 0;
    this.notify('hold');
    this.scheduleProbe();
  }

  private scheduleProbe(): void {
    if (this.closing) return;
    this.cancelProbe = this.deps.world.timers.after(backoffMs(PROBE_BACKOFF, ++this.probes), () => {
      this.busy = true;
      this.probe()
        .catch((error: unknown) => this.fail(error))
        .finally(() => {
          this.busy = false;
          this.schedule();
          for (const resolve of this.idleWaiters.splice(0)) resolve();
        });
    });
  }

  private async probe(): Promise<void> {
    const { rooms, writer, limits } = this.deps;
    const hasSpace =
      rooms.bytes < limits.liveBytesMax && (await writer.ensureSpace(limits.probeBytes)) === 'ok';
    if (!hasSpace) await this.freeSpace();
    if (this.state === 'failed') return;
    if (!hasSpace) return this.scheduleProbe();
    this.state = 'serving';
    this.notify('serving');
  }

  /**
   * Makes segments free. Trims are written only if they leave a segment without live entries, which keeps the space
   * they take from the reserve small. If only the active segment exists and it has no live
   * entries, starts a new one.
   */
  private async freeSpace(): Promise<void> {
    const { rooms, writer } = this.deps;
    const segments = [...rooms.segments()];
    const isOneUnused = segments.some(({ unusedSince }) => (unusedSince ?? -1) >= this.trimsDurableAt);
    if (this.pendingTrims.size > 0) return isOneUnused ? this.writeTrims() : undefined;
    const isOnlyActive = segments.every(({ number }) => number === writer.segment);
    if (isOnlyActive && rooms.bytes === 0) await writer.rollWithReserve();
  }

  private async writeTrims(): Promise<void> {
    const began = this.deps.world.clock.mono();
    const trims = this.pendingTrims;
    this.pendingTrims = new Set();
    this.batch.take([], trims);
    if ((await this.deps.writer.writeTrims(this.batch.payload())) === 'ok') return this.applyBatch(began);
    this.batch.refuse('refused');
    for (const room of trims) this.pendingTrims.add(room);
  }

  /** A disk error that must not be retried: stops all disk access and reports it with `fatal`. */
  fail(error: unknown): void {
    if (this.state === 'failed') return;
    this.state = 'failed';
    this.cancelTimers();
    this.refuseAll('unknown');
    this.deps.fatal(error instanceof Error ? error : new Error(String(error)));
  }

  /** `outcome` is for the commit in progress. Queued operations were not written: they are 'refused'. */
  private refuseAll(outcome: 'refused' | 'unknown'): void {
    this.batch.refuse(outcome);
    const queue = this.queue;
    this.queue = [];
    this.queuedBytes = 0;
    for (const operation of queue) this.batch.refuseOne(operation, 'refused');
  }

  private notify(state: LogState): void {
    for (const listener of this.listeners) listener(state);
  }

  private cancelTimers(): void {
    this.commitQueued = false;
    for (const cancel of [this.cancelCommitTimer, this.cancelTrimTimer, this.cancelProbe]) cancel?.();
    this.cancelCommitTimer = null;
    this.cancelTrimTimer = null;
    this.cancelProbe = null;
  }
}
