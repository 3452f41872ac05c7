/**
 * Steps of several rooms in one transaction. A commit waits for the disk and keeps other processes
 * of the same database waiting, and a host with thousands of rooms has hundreds of steps a second.
 *
 * One group is under way at a time; steps that come meanwhile make the next. Rooms whose group failed
 * go alone the next time, so that one room cannot hurt another.
 */
import type { Clock } from '../../lib/world.ts';
import type { Jobs } from '../../ports/jobs/jobs.ts';
import type { MainDb, Tx } from '../../ports/main-db/main-db.ts';
import { archiveChunks, type ArchiveStep } from '../../ports/main-db/queries/archive.ts';

/** Steps in one transaction: it is over in some milliseconds. */
export const GROUP_STEPS_MAX = 16;
/** Bytes of chunks in one transaction; a single larger step goes alone. */
const GROUP_BYTES_MAX = 1024 * 1024;

interface Waiting {
  readonly step: ArchiveStep;
  readonly bytes: number;
  resolve(moved: boolean): void;
  reject(error: unknown): void;
}

export interface StepGroupDeps {
  readonly db: MainDb;
  readonly jobs: Jobs;
  readonly clock: Clock;
}

export class StepGroup {
  private readonly deps: StepGroupDeps;
  /** No longer than the sweeps that run at the same time: each waits for its step. */
  private readonly waiting: Waiting[] = [];
  private running = false;
  /** Rooms of groups that failed. */
  private readonly suspects = new Set<string>();

  constructor(deps: StepGroupDeps) {
    this.deps = deps;
  }

  /**
   * False: the archive does not stand where the step begins; nothing was written. Rejects when the
   * transaction failed; whether it happened is then unknown.
   */
  add(step: ArchiveStep): Promise<boolean> {
    const bytes = step.chunks.reduce((sum, { deflated }) => sum + deflated.length, 0);
    return new Promise((resolve, reject) => {
      this.waiting.push({ step, bytes, resolve, reject });
      if (!this.running) void this.run();
    });
  }

  private async run(): Promise<void> {
    this.running = true;
    // What asks in the same moment goes along.
    await Promise.resolve();
    for (let group = this.take(); group.length > 0; group = this.take()) await this.carryOut(group);
    this.running = false;
  }

  private take(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const each of this.waiting) {
      bytes += each.bytes;
      const alone = this.suspects.has(each.step.room);
      if (count > 0 && (alone || count === GROUP_STEPS_MAX || bytes > GROUP_BYTES_MAX)) break;
      count++;
      if (alone) break;
    }
    return this.waiting.splice(0, count);
  }

  private async carryOut(group: readonly Waiting[]): Promise<void> {
    try {
      const moved = await this.write(group);
      group.forEach(({ step, resolve }, index) => {
        this.suspects.delete(step.room);
        resolve(moved[index] ?? false);
      });
    } catch (error) {
      for (const { step, reject } of group) {
        this.suspects.add(step.room);
        reject(error);
      }
    }
  }

  private write(group: readonly Waiting[]): Promise<boolean[]> {
    return this.deps.db.write(async (tx) => {
      const moved: boolean[] = [];
      for (const { step } of group) moved.push(await this.writeStep(tx, step));
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
