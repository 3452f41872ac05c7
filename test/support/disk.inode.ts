/** One file of the simulated disk: what a reader sees, what is durable, and the changes between. */
import type { SimulatedDiskOptions } from './disk.simulated.ts';

export const SECTOR = 512;

interface Write {
  readonly order: number;
  readonly at: number;
  readonly bytes: Uint8Array;
}
interface Truncation {
  readonly order: number;
  readonly size: number;
}
type Change = Write | Truncation;

export interface Inode {
  readonly number: number;
  size(): number;
  read(at: number, length: number): Uint8Array;
  /** Answers the number of the change. */
  write(at: number, bytes: Uint8Array): number;
  truncate(size: number): void;
  /** The number of the last change. */
  order(): number;
  /** That write is durable, and with it the length it needs; 0 = there was none. */
  settle(order: number): void;
  /** Everything up to that change is durable. */
  settleAll(order: number): void;
  /** Everything up to that change will never become durable, though it can still be read. */
  lose(order: number): void;
  /** Power cut: what is not durable goes, or (with chance) a random part of it stays. */
  cut(random: (() => number) | null): void;
  place(bytes: Uint8Array): void;
}

/** Bytes that grow. */
class Content {
  bytes = new Uint8Array(0);
  size = 0;

  put(at: number, bytes: Uint8Array): void {
    const end = at + bytes.length;
    if (end > this.bytes.length) {
      const larger = new Uint8Array(Math.max(end, this.bytes.length * 2));
      larger.set(this.bytes.subarray(0, this.size));
      this.bytes = larger;
    }
    this.bytes.set(bytes, at);
    this.size = Math.max(this.size, end);
  }

  resize(size: number): void {
    if (size < this.size) this.bytes.fill(0, size, this.size);
    else this.put(size, new Uint8Array(0));
    this.size = size;
  }

  copy(): Content {
    const copy = new Content();
    copy.put(0, this.bytes.subarray(0, this.size));
    return copy;
  }
}

export function createInode(number: number, options: SimulatedDiskOptions): Inode {
  let seen = new Content();
  let durable = new Content();
  let pending: Change[] = [];
  let last = 0;
  const { mirror, leak, random } = options;

  function persist(at: number, bytes: Uint8Array): void {
    durable.put(at, bytes);
    mirror?.write(number, at, bytes);
  }

  function apply(change: Change): void {
    if ('bytes' in change) return persist(change.at, change.bytes);
    durable.resize(change.size);
    mirror?.truncate(number, change.size);
  }

  /** The sectors of a write, each either wholly or not at all. */
  function* sectors(write: Write): Generator<Write> {
    for (let at = write.at; at < write.at + write.bytes.length;) {
      const end = Math.min(write.at + write.bytes.length, (Math.floor(at / SECTOR) + 1) * SECTOR);
      yield { order: write.order, at, bytes: write.bytes.subarray(at - write.at, end - write.at) };
      at = end;
    }
  }

  function leakSome(write: Write): void {
    if (!leak) return;
    for (const sector of sectors(write)) if (random() < leak) apply(sector);
  }

  return {
    number,
    size: () => seen.size,
    read: (at, length) => seen.bytes.slice(at, Math.max(at, Math.min(seen.size, at + length))),
    write(at, bytes) {
      const write = { order: ++last, at, bytes };
      seen.put(at, bytes);
      pending.push(write);
      leakSome(write);
      return write.order;
    },
    truncate(size) {
      seen.resize(size);
      pending.push({ order: ++last, size });
    },
    order: () => last,
    settle(order) {
      const index = pending.findIndex((change) => change.order === order);
      const write = pending[index];
      if (!write || !('bytes' in write)) return;
      // Pages reach the disk with all that was written to them before, lengths in their order.
      const covered = pending
        .slice(0, index)
        .filter((change) => !('bytes' in change) || overlaps(change, write));
      for (const change of covered) apply(change);
      apply(write);
      const cuts = covered.filter((change) => !('bytes' in change));
      pending = pending
        .filter((change) => change !== write && !covered.includes(change))
        .map((change) => cuts.reduce(clipped, change));
    },
    settleAll(order) {
      for (const change of pending) if (change.order <= order) apply(change);
      pending = pending.filter((change) => change.order > order);
    },
    lose(order) {
      pending = pending.filter((change) => change.order > order);
    },
    cut(keep) {
      for (const change of pending) {
        if (!keep) break;
        if (!('bytes' in change)) {
          if (keep() < 0.5) apply(change);
          continue;
        }
        const share = keep();
        for (const sector of sectors(change)) if (keep() < share) apply(sector);
      }
      pending = [];
      seen = durable.copy();
    },
    place(bytes) {
      durable = new Content();
      durable.put(0, bytes);
      seen = durable.copy();
    },
  };
}

function overlaps(left: Write, right: Write): boolean {
  return left.at < right.at + right.bytes.length && right.at < left.at + left.bytes.length;
}

/** What is left of a change when the file is cut after it. */
function clipped(change: Change, cut: Change): Change {
  if (!('bytes' in change) || 'bytes' in cut || change.order > cut.order) return change;
  return { ...change, bytes: change.bytes.subarray(0, Math.max(0, cut.size - change.at)) };
}
