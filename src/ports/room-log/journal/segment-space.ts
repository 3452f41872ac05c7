/**
 * Disk space for segments: the free-space reserve, and segment files kept for recycling.
 *
 * The journal leaves a reserve of free space for the main database and other programs on the disk: it does not
 * allocate space for commits below the reserve.
 *
 * A *spare* is a segment file that is not needed and whose space is reused for a later segment, without writing
 * zeros. It is renamed durably before its content changes.
 */
import { type Disk, DiskError } from './disk.ts';
import { SECTOR, segmentName, spareName } from './segment.ts';

export interface SpaceSource {
  /** Bytes of `wanted` that may be allocated now, in whole sectors; less than `wanted` = the disk is full. */
  available(wanted: number): Promise<number>;
  /** Path of a spare, which the caller now owns; null = none. */
  takeSpare(): string | null;
}

/** The folder's state on disk is unknown, and a second sync could succeed without effect: the process must stop. */
export class DirectorySyncError extends Error {
  constructor(cause: unknown) {
    super(`the journal's folder could not be synced: ${String(cause)}`, { cause });
    this.name = 'DirectorySyncError';
  }
}

/** The reserve is at most this share of the disk. */
const RESERVE_SHARE = 0.05;

export interface SpaceLimits {
  /** Free bytes that the journal leaves to others; at most 5 % of the disk. */
  readonly reserveBytes: number;
  /** Maximum number of spares. */
  readonly sparesMax: number;
}

export class SegmentSpace implements SpaceSource {
  private readonly disk: Disk;
  private readonly directory: string;
  private readonly limits: SpaceLimits;
  /** File names, durable. */
  private readonly spares: string[] = [];

  constructor(disk: Disk, directory: string, limits: SpaceLimits) {
    this.disk = disk;
    this.directory = directory;
    this.limits = limits;
  }

  available(wanted: number): Promise<number> {
    return this.availableFrom(wanted, () => this.freeAboveReserve());
  }

  /** Also allocates from the reserve: only for small writes that lead to free segments. */
  includingReserve(): SpaceSource {
    const free = async () => (await this.disk.space(this.directory)).freeBytes;
    return {
      available: (wanted) => this.availableFrom(wanted, free),
      takeSpare: () => this.takeSpare(),
    };
  }

  takeSpare(): string | null {
    const name = this.spares.shift();
    return name === undefined ? null : `${this.directory}/${name}`;
  }

  /** Adds spares that recovery has found; removes those beyond `sparesMax`. */
  async addSpares(names: readonly string[]): Promise<void> {
    await this.disk.syncDirectory(this.directory);
    for (const name of names) {
      if (this.spares.length < this.limits.sparesMax) this.spares.push(name);
      else await this.disk.remove(`${this.directory}/${name}`);
    }
  }

  /**
   * Turns segments that are not needed into spares, or removes them. Returns the numbers of those done; the others
   * failed and can be passed again. Throws DirectorySyncError (fatal) or a DiskError (can be called again).
   */
  async recycleOrRemove(numbers: readonly number[]): Promise<readonly number[]> {
    const mayKeep = (await this.freeAboveReserve()) > 0;
    const done: number[] = [];
    const kept: string[] = [];
    for (const number of numbers) {
      const name = spareName(number);
      const hasRoom = this.spares.length + kept.length < this.limits.sparesMax;
      const isKept = mayKeep && hasRoom && !this.spares.includes(name);
      if (!(await this.recycleOrRemoveOne(number, isKept))) continue;
      done.push(number);
      if (isKept) kept.push(name);
    }
    if (!mayKeep) while (await this.removeSpare());
    if (kept.length > 0) await this.syncDirectory();
    this.spares.push(...kept);
    return done;
  }

  private async recycleOrRemoveOne(number: number, keep: boolean): Promise<boolean> {
    const path = `${this.directory}/${segmentName(number)}`;
    try {
      if (keep) await this.disk.rename(path, `${this.directory}/${spareName(number)}`);
      else await this.disk.remove(path);
      return true;
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      return error.fault === 'missing';
    }
  }

  private async availableFrom(wanted: number, freeBytes: () => Promise<number>): Promise<number> {
    let free = await freeBytes();
    while (free < wanted && (await this.removeSpare())) free = await freeBytes();
    return Math.max(0, Math.min(wanted, Math.floor(free / SECTOR) * SECTOR));
  }

  private async syncDirectory(): Promise<void> {
    try {
      await this.disk.syncDirectory(this.directory);
    } catch (error) {
      throw new DirectorySyncError(error);
    }
  }

  /** Free bytes minus the reserve; negative below it. */
  private async freeAboveReserve(): Promise<number> {
    const { freeBytes, totalBytes } = await this.disk.space(this.directory);
    return freeBytes - Math.min(this.limits.reserveBytes, totalBytes * RESERVE_SHARE);
  }

  /** false = there is none. */
  private async removeSpare(): Promise<boolean> {
    const spare = this.takeSpare();
    if (spare !== null) await catchMissing(this.disk.remove(spare));
    return spare !== null;
  }
}

/** Returns 'missing' instead of throwing that DiskError: the file may have been removed by hand. */
export async function catchMissing<T>(call: Promise<T>): Promise<T | 'missing'> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof DiskError && error.fault === 'missing') return 'missing';
    throw error;
  }
}
