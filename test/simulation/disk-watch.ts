/**
 * Detects whether a power cut tore a write of the journal: a part of its sectors is on the disk, a part is
 * not.
 */
import type { SimulatedDisk } from '../support/disks/disk.simulated.ts';
import type { Disk, DiskFile } from '../../src/ports/room-log/journal/disk.ts';
import { override } from './override.ts';
import type { Scheduler } from './scheduler.ts';

/** The unit that a disk writes atomically, bytes. */
const SECTOR = 512;

interface Write {
  readonly at: number;
  readonly bytes: Uint8Array;
}

export class DiskWatch {
  private readonly scheduler: Scheduler;
  /** Path → the last write, until it is durable; it may have overwritten those before it. */
  private readonly unsynced = new Map<string, Write>();
  /** Writes that have not returned. */
  private readonly running = new Set<Write>();

  constructor(scheduler: Scheduler) {
    this.scheduler = scheduler;
  }

  /** Whether a write is running that a power cut could tear. */
  get isWriting(): boolean {
    return [...this.running].some(({ at, bytes }) => [...sectors(at, bytes.length)].length > 1);
  }

  /** The same disk, with its writes tracked. */
  watch(disk: Disk): Disk {
    const file = async (path: string, opening: Promise<DiskFile>) => this.file(path, await opening);
    return override(disk, {
      create: (path) => file(path, disk.create(path)),
      reopen: (path) => file(path, disk.reopen(path)),
    });
  }

  /** Forgets all writes, for a new disk. */
  reset(): void {
    this.unsynced.clear();
    this.running.clear();
  }

  /** Cuts the power; returns whether that tore a write that was running or only in the kernel's cache. */
  cut(disk: SimulatedDisk, loss: 'everything' | 'random'): boolean {
    const before = [...this.unsynced].map(([path, write]) => ({ path, write, seen: disk.peek(path) }));
    this.reset();
    disk.powerCut(loss);
    const torn = before.filter(({ path, write, seen }) => {
      const kept = disk.peek(path);
      return seen !== null && kept !== null && isTorn(write, seen, kept);
    });
    if (torn.length > 0) this.scheduler.count('disk: write torn');
    return torn.length > 0;
  }

  private file(path: string, file: DiskFile): DiskFile {
    return override(file, {
      write: (at, bytes) => this.track(path, { at, bytes: bytes.slice() }, file.write(at, bytes)),
      writeDurably: async (at, bytes) => {
        const write = { at, bytes: bytes.slice() };
        const taken = await this.track(path, write, file.writeDurably(at, bytes));
        this.markDurable(path, write);
        return taken;
      },
      sync: async () => {
        const write = this.unsynced.get(path);
        await file.sync();
        if (write) this.markDurable(path, write);
      },
    });
  }

  private async track(path: string, write: Write, call: Promise<number>): Promise<number> {
    this.unsynced.set(path, write);
    this.running.add(write);
    try {
      return await call;
    } finally {
      this.running.delete(write);
    }
  }

  private markDurable(path: string, write: Write): void {
    if (this.unsynced.get(path) === write) this.unsynced.delete(path);
  }
}

/** Compares what a reader saw of the write before the cut with what is on the disk after it. */
function isTorn({ at, bytes }: Write, seen: Uint8Array, kept: Uint8Array): boolean {
  let some = false;
  let all = true;
  for (const [from, to] of sectors(at, bytes.length)) {
    const part = bytes.subarray(from - at, to - at);
    // Skips what a short write left out, and zeroes, which the file had before the write.
    if (Buffer.compare(seen.subarray(from, to), part) !== 0 || part.every((byte) => byte === 0)) continue;
    const isKept = Buffer.compare(kept.subarray(from, to), part) === 0;
    some ||= isKept;
    all &&= isKept;
  }
  return some && !all;
}

function* sectors(at: number, length: number): Generator<readonly [number, number]> {
  const end = at + length;
  for (let from = at, to = at; from < end; from = to) {
    to = Math.min(end, (Math.floor(from / SECTOR) + 1) * SECTOR);
    yield [from, to];
  }
}
