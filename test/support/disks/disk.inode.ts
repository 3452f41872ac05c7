/** One file of the simulated disk: its content in the page cache, its durable content, and the pending changes. */
const SECTOR = 512;

/** Receives everything that becomes durable, so that the content can outlive the process. */
export interface DiskMirror {
  write(inode: number, at: number, bytes: Uint8Array): void;
  truncate(inode: number, size: number): void;
  /** `names`: the whole folder, name → number of the inode. */
  folder(path: string, names: ReadonlyMap<string, number>): void;
}

export interface InodeOptions {
  /** Random numbers in [0, 1): decide what survives a power cut or is flushed early. */
  readonly random: () => number;
  /** Probability that a written sector, or a change of a folder, becomes durable before any sync. */
  readonly earlyFlushChance?: number;
  readonly mirror?: DiskMirror;
}

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
  private readonly options: InodeOptions;
  private cached = new Content();
  private durable = new Content();
  private pending: Change[] = [];
  /** Changes that were dropped from the page cache before they became durable. */
  private readonly lostChanges = new Set<number>();
  private lastChange = 0;

  constructor(number: number, options: InodeOptions) {
    this.number = number;
    this.options = options;
  }

  /** Number of the last change. */
  get order(): number {
    return this.lastChange;
  }

  get size(): number {
    return this.cached.size;
  }

  read(at: number, length: number): Uint8Array {
    return this.cached.bytes.slice(at, Math.max(at, Math.min(this.size, at + length)));
  }

  /** Sets durable content before a test. */
  setContent(bytes: Uint8Array): void {
    this.durable.put(0, bytes);
    this.cached = this.durable.copy();
  }

  /** Returns the number of the change. */
  write(at: number, bytes: Uint8Array): number {
    const write = { order: ++this.lastChange, at, bytes };
    this.cached.put(at, bytes);
    this.pending.push(write);
    const { earlyFlushChance, random } = this.options;
    if (earlyFlushChance)
      for (const sector of sectors(write)) if (random() < earlyFlushChance) this.apply(sector);
    return write.order;
  }

  truncate(size: number): void {
    this.cached.resize(size);
    this.pending.push({ order: ++this.lastChange, size });
  }

  /** Makes one write durable, with the file length it needs. 0 = no write. */
  flush(order: number): void {
    const index = this.pending.findIndex((change) => change.order === order);
    const write = this.pending[index];
    if (!write || !('bytes' in write)) return;
    // With it, earlier writes to the same bytes and earlier truncations become durable.
    const earlier = this.pending.slice(0, index);
    const covered = earlier.filter((change) => !('bytes' in change) || overlaps(change, write));
    for (const change of covered) this.apply(change);
    this.apply(write);
    const cuts = covered.filter((change) => !('bytes' in change));
    this.pending = this.pending
      .filter((change) => change !== write && !covered.includes(change))
      .map((change) => cuts.reduce(clipped, change));
  }

  /** Makes all changes up to `order` durable. */
  flushUpTo(order: number): void {
    for (const change of this.pending) if (change.order <= order) this.apply(change);
    this.pending = this.pending.filter((change) => change.order > order);
  }

  /** Pending changes up to `order` will never become durable, though they can still be read. */
  dropUpTo(order: number): void {
    for (const change of this.pending) if (change.order <= order) this.lostChanges.add(change.order);
    this.pending = this.pending.filter((change) => change.order > order);
  }

  wasDropped(order: number): boolean {
    return this.lostChanges.has(order);
  }

  /** Like dropUpTo, for one change; it is not recorded for wasDropped. */
  dropOne(order: number): void {
    this.pending = this.pending.filter((change) => change.order !== order);
  }

  /** Power cut: pending changes are lost, or with `keep` (random numbers in [0, 1)) a random part becomes durable. */
  powerCut(keep: (() => number) | null): void {
    if (keep) for (const change of this.pending) this.applyPartly(change, keep);
    this.pending = [];
    this.cached = this.durable.copy();
  }

  private applyPartly(change: Change, keep: () => number): void {
    const share = keep();
    if ('bytes' in change) {
      for (const sector of sectors(change)) if (keep() < share) this.apply(sector);
    } else if (share < 0.5) this.apply(change);
  }

  private apply(change: Change): void {
    const { mirror } = this.options;
    if ('bytes' in change) {
      this.durable.put(change.at, change.bytes);
      mirror?.write(this.number, change.at, change.bytes);
    } else {
      this.durable.resize(change.size);
      mirror?.truncate(this.number, change.size);
    }
  }
}

/** Splits a write into sectors, which become durable atomically. */
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

/** The part of a change that remains after a later truncation. */
function clipped(change: Change, cut: Change): Change {
  if (!('bytes' in change) || 'bytes' in cut || change.order > cut.order) return change;
  return { ...change, bytes: change.bytes.subarray(0, Math.max(0, cut.size - change.at)) };
}
