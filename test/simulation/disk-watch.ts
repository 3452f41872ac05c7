/** Whether a power cut really tore one of the journal's writes: a part of its sectors is on the disk, a part is not. */
import type { SimulatedDisk } from '../support/disks/disk.simulated.ts';
import type { Disk, DiskFile } from '../../src/ports/room-log/journal/disk.ts';
import { override } from './override.ts';
import type { Scheduler } from './scheduler.ts';

/** What a disk writes wholly or not at all. */
const SECTOR = 512;

interface Write {
  readonly at: number;
  readonly bytes: Uint8Array;
}

export class DiskWatch {
  readonly #scheduler: Scheduler;
  /** The last write to each file, as long as nothing has made it durable: those before it, it may have overwritten. */
  readonly #last = new Map<string, Write>();
  /** Calls that have not returned. */
  readonly #underWay = new Set<Write>();

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /** A write is under way that a power cut could tear. */
  get isWriting(): boolean {
    return [...this.#underWay].some(({ at, bytes }) => [...sectors(at, bytes.length)].length > 1);
  }

  /** The same disk, with somebody beside it. */
  over(disk: Disk): Disk {
    const file = async (path: string, opening: Promise<DiskFile>) => this.#file(path, await opening);
    return override(disk, {
      create: (path) => file(path, disk.create(path)),
      reopen: (path) => file(path, disk.reopen(path)),
    });
  }

  /** Another disk: of this one nothing is left. */
  forget(): void {
    this.#last.clear();
    this.#underWay.clear();
  }

  /** The power cut itself; answers whether it tore a write that was under way or only in the kernel's cache. */
  cut(disk: SimulatedDisk, loss: 'everything' | 'random'): boolean {
    const before = [...this.#last].map(([path, write]) => ({ path, write, seen: disk.peek(path) }));
    this.forget();
    disk.cut(loss);
    const torn = before.filter(({ path, write, seen }) => {
      const kept = disk.peek(path);
      return seen !== null && kept !== null && isTorn(write, seen, kept);
    });
    if (torn.length > 0) this.#scheduler.mark('disk: write torn');
    return torn.length > 0;
  }

  #file(path: string, file: DiskFile): DiskFile {
    return override(file, {
      write: (at, bytes) => this.#writing(path, { at, bytes: bytes.slice() }, file.write(at, bytes)),
      writeDurably: async (at, bytes) => {
        const write = { at, bytes: bytes.slice() };
        const taken = await this.#writing(path, write, file.writeDurably(at, bytes));
        this.#settled(path, write);
        return taken;
      },
      sync: async () => {
        const write = this.#last.get(path);
        await file.sync();
        if (write) this.#settled(path, write);
      },
    });
  }

  async #writing(path: string, write: Write, call: Promise<number>): Promise<number> {
    this.#last.set(path, write);
    this.#underWay.add(write);
    try {
      return await call;
    } finally {
      this.#underWay.delete(write);
    }
  }

  #settled(path: string, write: Write): void {
    if (this.#last.get(path) === write) this.#last.delete(path);
  }
}

/** What a reader saw of the write before the cut, and what of that is there behind it. */
function isTorn({ at, bytes }: Write, seen: Uint8Array, kept: Uint8Array): boolean {
  let some = false;
  let all = true;
  for (const [from, to] of sectors(at, bytes.length)) {
    const part = bytes.subarray(from - at, to - at);
    // What a short write left out never was there; zeroes are there before they are written.
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
