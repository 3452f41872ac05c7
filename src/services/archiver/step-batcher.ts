/**
 * Group commit: writes the archive steps of several rooms in one transaction. A commit waits for the disk and blocks
 * other processes of the same database, and a host with thousands of rooms has hundreds of steps a second.
 *
 * One batch is written at a time; steps that arrive during the write form the next one. When a batch fails, each of its
 * rooms gets a separate batch the next time, so that one room cannot block others (I6).
 */
import type { Clock } from '../../lib/world.ts';
import type { Jobs } from '../../ports/jobs/jobs.ts';
import type { MainDb, Tx } from '../../ports/main-db/main-db.ts';
import { archiveChunks, type ArchiveStep } from '../../ports/main-db/queries/archive.ts';

/** Steps in one transaction, which then takes a few milliseconds. */
export const BATCH_STEPS_MAX = 16;
/** Bytes of chunks in one transaction; a larger step gets its own. */
const BATCH_BYTES_MAX = 1024 * 1024;

interface PendingStep {
  readonly step: ArchiveStep;
  readonly bytes: number;
  resolve(moved: boolean): void;
  reject(error: unknown): void;
}

export interface StepBatcherDeps {
  readonly db: MainDb;
  readonly jobs: Jobs;
  readonly clock: Clock;
}

export class StepBatcher {
  private readonly deps: StepBatcherDeps;
  /** Bounded by the number of concurrent sweeps: each waits for its step. */
  private readonly pending: PendingStep[] = [];
  private running = false;
  /** Rooms whose last batch failed: any of them may be the cause. */
  private readonly suspects = new Set<string>();

  constructor(deps: StepBatcherDeps) {
    this.deps = deps;
  }

  /**
   * False: the archive's head is not where the step begins; nothing was written. Rejects when the
   * transaction failed: whether it was committed is unknown.
   */
  add(step: ArchiveStep): Promise<boolean> {
    const bytes = step.chunks.reduce((sum, { deflated }) => sum + deflated.length, 0);
    return new Promise((resolve, reject) => {
      this.pending.push({ step, bytes, resolve, reject });
      if (!this.running) void this.run();
    });
  }

  private async run(): Promise<void> {
    this.running = true;
    // Steps that are added in the same microtask join this batch.
    await Promise.resolve();
    for (let batch = this.nextBatch(); batch.length > 0; batch = this.nextBatch()) await this.commit(batch);
    this.running = false;
  }

  private nextBatch(): PendingStep[] {
    let bytes = 0;
    let count = 0;
    for (const each of this.pending) {
      bytes += each.bytes;
      const alone = this.suspects.has(each.step.room);
      if (count > 0 && (alone || count === BATCH_STEPS_MAX || bytes > BATCH_BYTES_MAX)) break;
      count++;
      if (alone) break;
    }
    return this.pending.splice(0, count);
  }

  private async commit(batch: readonly PendingStep[]): Promise<void> {
    try {
      const moved = await this.write(batch);
      batch.forEach(({ step, resolve }, index) => {
        this.suspects.delete(step.room);
        resolve(moved[index] ?? false);
      });
    } catch (error) {
      for (const { step, reject } of batch) {
        this.suspects.add(step.room);
        reject(error);
      }
    }
  }

  private write(batch: readonly PendingStep[]): Promise<boolean[]> {
    return this.deps.db.write(async (tx) => {
      const moved: boolean[] = [];
      for (const { step } of batch) moved.push(await this.writeStep(tx, step));
      return moved;
    });
  }

  private async writeStep(tx: Tx, step: ArchiveStep): Promise<boolean> {
    const { room } = step;
    if (!(await archiveChunks(tx, step))) return false;
    if (step.finishedAt !== null) {
      const { jobs, clock } = this.deps;
      await jobs.enqueue(tx, { kind: 'stats', key: room, payload: { room } }, clock.now());
    }
    return true;
  }
}
