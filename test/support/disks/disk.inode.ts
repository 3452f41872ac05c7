/** One file of the simulated disk: what a reader sees, what is durable, and the changes between. */
import type { SimulatedDiskOptions } from './disk.simulated.ts';

const SECTOR = 512;

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

export class Inode {
  readonly number: number;
  readonly #options: SimulatedDiskOptions;
  #seen = new Content();
  #durable = new Content();
  #pending: Change[] = [];
  /** Numbers of changes that never will be durable. */
  readonly #lost = new Set<number>();
  #last = 0;

  constructor(number: number, options: SimulatedDiskOptions) {
    this.number = number;
    this.#options = options;
  }

  /** The number of the last change. */
  get order(): number {
    return this.#last;
  }

  get size(): number {
    return this.#seen.size;
  }

  /** What a reader sees. */
  read(at: number, length: number): Uint8Array {
    return this.#seen.bytes.slice(at, Math.max(at, Math.min(this.size, at + length)));
  }

  /** Puts content there, durably: the beginning of a test. */
  place(bytes: Uint8Array): void {
    this.#durable.put(0, bytes);
    this.#seen = this.#durable.copy();
  }

  /** Answers the number of the change. */
  write(at: number, bytes: Uint8Array): number {
    const write = { order: ++this.#last, at, bytes };
    this.#seen.put(at, bytes);
    this.#pending.push(write);
    const { leak, random } = this.#options;
    if (leak) for (const sector of sectors(write)) if (random() < leak) this.#apply(sector);
    return write.order;
  }

  truncate(size: number): void {
    this.#seen.resize(size);
    this.#pending.push({ order: ++this.#last, size });
  }

  /** That write is durable, and with it the length it needs; 0 = there was none. */
  settle(order: number): void {
    const index = this.#pending.findIndex((change) => change.order === order);
    const write = this.#pending[index];
    if (!write || !('bytes' in write)) return;
    // Pages reach the disk with all that was written to them before, lengths in their order.
    const earlier = this.#pending.slice(0, index);
    const covered = earlier.filter((change) => !('bytes' in change) || overlaps(change, write));
    for (const change of covered) this.#apply(change);
    this.#apply(write);
    const cuts = covered.filter((change) => !('bytes' in change));
    this.#pending = this.#pending
      .filter((change) => change !== write && !covered.includes(change))
      .map((change) => cuts.reduce(clipped, change));
  }

  /** Everything up to that change is durable. */
  settleAll(order: number): void {
    for (const change of this.#pending) if (change.order <= order) this.#apply(change);
    this.#pending = this.#pending.filter((change) => change.order > order);
  }

  /** What is not durable up to that change never will be, though it can still be read. */
  lose(order: number): void {
    for (const change of this.#pending) if (change.order <= order) this.#lost.add(change.order);
    this.#pending = this.#pending.filter((change) => change.order > order);
  }

  wasLost(order: number): boolean {
    return this.#lost.has(order);
  }

  /** The same of one change only. */
  loseOne(order: number): void {
    this.#pending = this.#pending.filter((change) => change.order !== order);
  }

  /** Power cut: what is not durable goes, or (with chance) a random part of it stays. */
  cut(keep: (() => number) | null): void {
    if (keep) for (const change of this.#pending) this.#applyPart(change, keep);
    this.#pending = [];
    this.#seen = this.#durable.copy();
  }

  #applyPart(change: Change, keep: () => number): void {
    const share = keep();
    if ('bytes' in change) {
      for (const sector of sectors(change)) if (keep() < share) this.#apply(sector);
    } else if (share < 0.5) this.#apply(change);
  }

  #apply(change: Change): void {
    const { mirror } = this.#options;
    if ('bytes' in change) {
      this.#durable.put(change.at, change.bytes);
      mirror?.write(this.number, change.at, change.bytes);
    } else {
      this.#durable.resize(change.size);
      mirror?.truncate(this.number, change.size);
    }
  }
}

/** The sectors of a write: each reaches the disk wholly or not at all. */
function* sectors(write: Write): Generator<Write> {
  const end = write.at + write.bytes.length;
  for (let at = write.at, next = at; at < end; at = next) {
    next = Math.min(end, (Math.floor(at / SECTOR) + 1) * SECTOR);
    yield { order: write.order, at, bytes: write.bytes.subarray(at - write.at, next - write.at) };
  }
}

function overlaps(left: Write, right: Write): boolean {
  return left.at < right.at + right.bytes.length && right.at < left.at + left.bytes.length;
}

/** What is left of a change when the file is cut after it. */
function clipped(change: Change, cut: Change): Change {
  if (!('bytes' in change) || 'bytes' in cut || change.order > cut.order) return change;
  return { ...change, bytes: change.bytes.subarray(0, Math.max(0, cut.size - change.at)) };
}
