/**
 * Disk space for segments: what the journal may take, and files it keeps for later.
 *
 * The journal leaves a reserve on its disk, so that the main database and whatever else writes
 * there can finish what they have begun; it never takes space that would eat into it.
 *
 * A *spare* is a segment that nothing needs, kept because its space is taken already: the next
 * segment is made of it, without writing zeros. Its name is changed durably before a byte in it is.
 */
import { type Disk, DiskError } from './disk.ts';
import { SECTOR, segmentName, spareName } from './segment.ts';

/** Where space for segments comes from. */
export interface SpaceSource {
  /** How much of `wanted` bytes may be taken now, in whole sectors; less than `wanted` = the disk is full. */
  allowed(wanted: number): Promise<number>;
  /** The path of a spare, which now is the caller's; null = there is none. */
  takeSpare(): string | null;
}

/** Nobody knows which names are on the disk, and another sync would not tell: the process must stop. */
export class NamesNotDurable extends Error {
  constructor(cause: unknown) {
    super(`the journal's folder could not be synced: ${String(cause)}`, { cause });
    this.name = 'NamesNotDurable';
  }
}

/** Of a small disk the reserve is this share. */
const RESERVE_SHARE = 0.05;

export interface SpaceLimits {
  /** Free bytes that the journal leaves to others; less on a disk of less than 20 times as much. */
  readonly reserveBytes: number;
  /** Segments kept to be used again. */
  readonly sparesMax: number;
}

export class SegmentSpace implements SpaceSource {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #limits: SpaceLimits;
  /** Names of spares whose names are durable. */
  readonly #spares: string[] = [];

  constructor(disk: Disk, directory: string, limits: SpaceLimits) {
    this.#disk = disk;
    this.#directory = directory;
    this.#limits = limits;
  }

  allowed(wanted: number): Promise<number> {
    return this.#allowed(wanted, () => this.#aboveReserve());
  }

  /** The reserve, too: only for little, and only for what makes segments free. */
  withReserve(): SpaceSource {
    const free = async () => (await this.#disk.space(this.#directory)).freeBytes;
    return {
      allowed: (wanted) => this.#allowed(wanted, free),
      takeSpare: () => this.takeSpare(),
    };
  }

  takeSpare(): string | null {
    const name = this.#spares.shift();
    return name === undefined ? null : `${this.#directory}/${name}`;
  }

  /** Spares found at the start; those beyond the bound are removed. */
  async adopt(names: readonly string[]): Promise<void> {
    await this.#disk.syncDirectory(this.#directory);
    for (const name of names) {
      if (this.#spares.length < this.#limits.sparesMax) this.#spares.push(name);
      else await this.#disk.remove(`${this.#directory}/${name}`);
    }
  }

  /**
   * Takes segments that nothing needs: keeps some, removes the others. Answers those that are gone
   * under their own name; the others could not be moved or removed now. Throws NamesNotDurable, and
   * DiskErrors after which it can be called again.
   */
  async retire(numbers: readonly number[]): Promise<readonly number[]> {
    const keep = (await this.#aboveReserve()) > 0;
    const gone: number[] = [];
    const kept: string[] = [];
    for (const number of numbers) {
      const name = spareName(number);
      const room = this.#spares.length + kept.length < this.#limits.sparesMax;
      const wanted = keep && room && !this.#spares.includes(name);
      if (!(await this.#retireOne(number, wanted))) continue;
      gone.push(number);
      if (wanted) kept.push(name);
    }
    if (!keep) while (await this.#giveSpareBack());
    if (kept.length > 0) await this.#syncNames();
    this.#spares.push(...kept);
    return gone;
  }

  async #retireOne(number: number, keep: boolean): Promise<boolean> {
    const path = `${this.#directory}/${segmentName(number)}`;
    try {
      if (keep) await this.#disk.rename(path, `${this.#directory}/${spareName(number)}`);
      else await this.#disk.remove(path);
      return true;
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      return error.fault === 'missing';
    }
  }

  async #allowed(wanted: number, freeBytes: () => Promise<number>): Promise<number> {
    let free = await freeBytes();
    while (free < wanted && (await this.#giveSpareBack())) free = await freeBytes();
    return Math.max(0, Math.min(wanted, Math.floor(free / SECTOR) * SECTOR));
  }

  async #syncNames(): Promise<void> {
    try {
      await this.#disk.syncDirectory(this.#directory);
    } catch (error) {
      throw new NamesNotDurable(error);
    }
  }

  /** Negative below the reserve. */
  async #aboveReserve(): Promise<number> {
    const { freeBytes, totalBytes } = await this.#disk.space(this.#directory);
    return freeBytes - Math.min(this.#limits.reserveBytes, totalBytes * RESERVE_SHARE);
  }

  async #giveSpareBack(): Promise<boolean> {
    const spare = this.takeSpare();
    if (spare !== null) await unlessMissing(this.#disk.remove(spare));
    return spare !== null;
  }
}

/** A file that somebody has removed by hand as a value; every other error is thrown on. */
export async function unlessMissing<T>(call: Promise<T>): Promise<T | 'missing'> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof DiskError && error.fault === 'missing') return 'missing';
    throw error;
  }
}
