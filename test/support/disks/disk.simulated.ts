/**
 * A disk in memory with fault injection that gives exactly the guarantees of `disk.ts` and no more.
 *
 * `powerCut(loss)`: calls in progress never return, and what no returned sync covers is lost, either all of it
 * ('everything') or a random part ('random'): single 512-byte sectors of writes, truncations, the last changes of a
 * folder. Afterwards the disk can be used again. Sectors are atomic, as write-ahead logs commonly assume.
 *
 * After a failed sync or durable write the bytes stay readable but never become durable, as on Linux, where the
 * kernel marks the pages clean.
 */
import {
  type Disk,
  DiskError,
  type DiskFault,
  type DiskFile,
  type DiskSpace,
} from '../../../src/ports/room-log/journal/disk.ts';
import type { Timers } from '../../../src/lib/world.ts';
import { Inode, type InodeOptions } from './disk.inode.ts';

export type DiskCallKind =
  | 'makeDirectory'
  | 'list'
  | 'create'
  | 'open'
  | 'rename'
  | 'remove'
  | 'syncDirectory'
  | 'space'
  | 'size'
  | 'read'
  | 'write'
  | 'writeDurably'
  | 'sync'
  | 'truncate';

export interface DiskCall {
  readonly kind: DiskCallKind;
  readonly path: string;
  /** Bytes to write; 0 for other calls. */
  readonly length: number;
}

/** `shortTo`: a write accepts only this many bytes. */
export type InjectedFault = { readonly fault: DiskFault } | { readonly shortTo: number };

export interface SimulatedDiskOptions extends InodeOptions {
  /** With `delayMs`, the duration of each call. Without, calls return in a microtask. */
  readonly timers?: Timers;
  readonly delayMs?: (call: DiskCall) => number;
  /** Called before each call; null = no fault. */
  readonly injectFault?: (call: DiskCall) => InjectedFault | null;
  /** Syncs succeed but make nothing durable. For control runs of checkers. */
  readonly ignoresSync?: boolean;
}

interface Folder {
  names: Map<string, Inode>;
  durable: Map<string, Inode>;
  pending: ((names: Map<string, Inode>) => void)[];
}

export class SimulatedDisk implements Disk {
  private readonly options: SimulatedDiskOptions;
  private readonly folders = new Map<string, Folder>();
  private generation = 0;
  private nextInode = 1;
  private capacity = Number.POSITIVE_INFINITY;
  private callCount = 0;

  constructor(options: SimulatedDiskOptions) {
    this.options = options;
  }

  /** Number of calls so far. */
  get calls(): number {
    return this.callCount;
  }

  /** Total size of all files; writes beyond it are short or fail with 'full'. */
  setCapacity(bytes: number): void {
    this.capacity = bytes;
  }

  usedBytes(): number {
    const inodes = new Set([...this.folders.values()].flatMap((folder) => [...folder.names.values()]));
    return [...inodes].reduce((sum, inode) => sum + inode.size, 0);
  }

  powerCut(loss: 'everything' | 'random'): void {
    this.generation++;
    const keep = loss === 'random' ? this.options.random : null;
    const inodes = new Set<Inode>();
    for (const folder of this.folders.values()) {
      const survivors = keep ? Math.floor(keep() * (folder.pending.length + 1)) : 0;
      for (const change of folder.pending.slice(0, survivors)) change(folder.durable);
      folder.names = new Map(folder.durable);
      folder.pending = [];
      for (const inode of folder.names.values()) inodes.add(inode);
    }
    for (const inode of inodes) inode.powerCut(keep);
  }

  /** Creates a durable file before a test. */
  putFile(path: string, bytes: Uint8Array, inodeNumber?: number): void {
    const [folder, name] = this.split(path, true);
    const inode = new Inode(inodeNumber ?? this.nextInode, this.options);
    this.nextInode = Math.max(this.nextInode, inode.number) + 1;
    inode.setContent(bytes);
    folder.names.set(name, inode);
    folder.durable.set(name, inode);
  }

  /** Current content as seen by a reader; null = no such file. */
  peek(path: string): Uint8Array | null {
    const [folder, name] = this.split(path, true);
    return folder.names.get(name)?.read(0, Number.MAX_SAFE_INTEGER) ?? null;
  }

  async makeDirectory(path: string): Promise<void> {
    await this.beforeCall('makeDirectory', path);
    this.folder(path, true);
  }

  async list(directory: string): Promise<readonly string[]> {
    await this.beforeCall('list', directory);
    return [...this.folder(directory, false).names.keys()];
  }

  async create(path: string): Promise<DiskFile> {
    await this.beforeCall('create', path);
    const [folder, name] = this.split(path, false);
    const inode = new Inode(this.nextInode++, this.options);
    this.changeFolder(folderOf(path), folder, (names) => names.set(name, inode));
    return this.file(path, inode);
  }

  open(path: string): Promise<DiskFile> {
    return this.reopen(path);
  }

  async reopen(path: string): Promise<DiskFile> {
    await this.beforeCall('open', path);
    const [folder, name] = this.split(path, false);
    const inode = folder.names.get(name);
    if (!inode) throw new DiskError('missing', `no file ${path}`);
    return this.file(path, inode);
  }

  async rename(from: string, to: string): Promise<void> {
    await this.beforeCall('rename', from);
    const [folder, oldName] = this.split(from, false);
    const [target, newName] = this.split(to, false);
    const inode = folder.names.get(oldName);
    if (!inode) throw new DiskError('missing', `no file ${from}`);
    if (folder !== target) throw new DiskError('failed', 'this disk renames within one folder only');
    this.changeFolder(folderOf(from), folder, (names) => {
      names.delete(oldName);
      names.set(newName, inode);
    });
  }

  async remove(path: string): Promise<void> {
    await this.beforeCall('remove', path);
    const [folder, name] = this.split(path, false);
    if (!folder.names.has(name)) throw new DiskError('missing', `no file ${path}`);
    this.changeFolder(folderOf(path), folder, (names) => names.delete(name));
  }

  async syncDirectory(path: string): Promise<void> {
    const folder = this.folder(path, false);
    const covered = folder.pending.length;
    await this.beforeCall('syncDirectory', path);
    this.flushFolder(path, folder, covered);
  }

  async space(directory: string): Promise<DiskSpace> {
    await this.beforeCall('space', directory);
    const freeBytes = Math.max(0, this.capacity - this.usedBytes());
    return { freeBytes, totalBytes: this.capacity };
  }

  private file(path: string, inode: Inode): DiskFile {
    return {
      size: async () => {
        await this.beforeCall('size', path);
        return inode.size;
      },
      read: async (at, length) => {
        await this.beforeCall('read', path);
        return inode.read(at, length);
      },
      write: async (at, bytes) => (await this.write('write', path, inode, at, bytes)).written,
      writeDurably: async (at, bytes) => {
        const { written, change } = await this.write('writeDurably', path, inode, at, bytes);
        // A sync that failed meanwhile dropped the page: Linux reports the error to all waiting calls.
        if (inode.wasDropped(change)) throw simulated('failed', 'writeDurably', path);
        if (!this.options.ignoresSync) inode.flush(change);
        return written;
      },
      sync: async () => {
        const order = inode.order;
        try {
          await this.beforeCall('sync', path);
        } catch (error) {
          inode.dropUpTo(order);
          throw error;
        }
        if (!this.options.ignoresSync) inode.flushUpTo(order);
      },
      truncate: async (size) => {
        await this.beforeCall('truncate', path);
        inode.truncate(size);
      },
      close: async () => {},
    };
  }

  /** The bytes may reach the disk as soon as this is called, even if the call fails later. */
  private async write(kind: DiskCallKind, path: string, inode: Inode, at: number, bytes: Uint8Array) {
    const fault = this.options.injectFault?.({ kind, path, length: bytes.length }) ?? null;
    const growth = Math.max(0, at + bytes.length - inode.size);
    const missing = Math.max(0, growth - Math.max(0, this.capacity - this.usedBytes()));
    let written = Math.max(0, bytes.length - missing);
    if (fault && 'shortTo' in fault) written = Math.min(written, fault.shortTo);
    if (fault && 'fault' in fault && fault.fault === 'full') written = 0;
    const change = written > 0 ? inode.write(at, bytes.slice(0, written)) : 0;
    await this.delay(kind, path, bytes.length);
    if (fault && 'fault' in fault) {
      if (kind === 'writeDurably') inode.dropOne(change);
      throw simulated(fault.fault, kind, path);
    }
    if (written === 0 && bytes.length > 0) throw simulated('full', kind, path);
    return { written, change };
  }

  private async beforeCall(kind: DiskCallKind, path: string): Promise<void> {
    const fault = this.options.injectFault?.({ kind, path, length: 0 });
    await this.delay(kind, path, 0);
    if (fault && 'fault' in fault) throw simulated(fault.fault, kind, path);
  }

  private async delay(kind: DiskCallKind, path: string, length: number): Promise<void> {
    this.callCount++;
    const generation = this.generation;
    const { timers, delayMs } = this.options;
    const ms = timers ? (delayMs?.({ kind, path, length }) ?? 0) : 0;
    if (timers && ms > 0) await new Promise<void>((resolve) => timers.after(ms, resolve));
    else await Promise.resolve();
    // A power cut happened during the call.
    if (generation !== this.generation) await new Promise<never>(() => {});
  }

  private changeFolder(path: string, folder: Folder, change: (names: Map<string, Inode>) => void): void {
    change(folder.names);
    folder.pending.push(change);
    const { earlyFlushChance, random } = this.options;
    if (earlyFlushChance && random() < earlyFlushChance)
      this.flushFolder(path, folder, folder.pending.length);
  }

  private flushFolder(path: string, folder: Folder, count: number): void {
    for (const change of folder.pending.splice(0, count)) change(folder.durable);
    const numbers = new Map([...folder.durable].map(([name, inode]) => [name, inode.number]));
    this.options.mirror?.folder(path, numbers);
  }

  private split(path: string, make: boolean): [Folder, string] {
    return [this.folder(folderOf(path), make), path.slice(path.lastIndexOf('/') + 1)];
  }

  private folder(path: string, make: boolean): Folder {
    let folder = this.folders.get(path);
    if (!folder) {
      if (!make) throw new DiskError('missing', `no folder ${path}`);
      folder = { names: new Map(), durable: new Map(), pending: [] };
      this.folders.set(path, folder);
    }
    return folder;
  }
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}

function simulated(fault: DiskFault, kind: DiskCallKind, path: string): DiskError {
  return new DiskError(fault, `simulated: ${fault} at ${kind} of ${path}`);
}
