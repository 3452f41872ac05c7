/**
 * A disk in memory that keeps exactly what it must, and loses, tears and fails on purpose.
 *
 * `cut(loss)` is a power cut: calls under way never return, and of everything that no returned sync
 * covers either nothing survives ('everything' is lost) or a random part: single 512-byte sectors
 * of writes, some truncations, the first few changes of a folder. Then the disk can be used again.
 * Sectors are taken to be atomic, as journals everywhere do.
 *
 * After a failed sync or durable write the bytes stay readable but never become durable, as on
 * Linux: the kernel marks the pages clean.
 */
import {
  type Disk,
  DiskError,
  type DiskFault,
  type DiskFile,
  type DiskSpace,
} from '../../../src/ports/room-log/journal/disk.ts';
import type { Timers } from '../../../src/lib/world.ts';
import { Inode } from './disk.inode.ts';

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
  /** Bytes to be written; 0 for other calls. */
  readonly length: number;
}

/** `shortTo`: only so many bytes of a write are taken. */
export type DiskTrouble = { readonly fault: DiskFault } | { readonly shortTo: number };

export interface SimulatedDiskOptions {
  /** Numbers in [0, 1); decides what survives a cut and what leaks. */
  readonly random: () => number;
  /** With `delayMs`: how long each call takes. Without: calls return in a microtask. */
  readonly timers?: Timers;
  readonly delayMs?: (call: DiskCall) => number;
  /** Asked before each call. */
  readonly trouble?: (call: DiskCall) => DiskTrouble | null;
  /** The share of written sectors, and of changes of folders, that reach the disk before any sync. */
  readonly leak?: number;
  /** Told of everything that becomes durable; lets the disk outlive its process. */
  readonly mirror?: DiskMirror;
  /** The disk lies: it says durable and keeps the bytes in memory. For controls of checkers. */
  readonly lies?: boolean;
}

export interface DiskMirror {
  write(inode: number, at: number, bytes: Uint8Array): void;
  truncate(inode: number, size: number): void;
  /** The whole folder as it now stands on the disk. */
  folder(path: string, names: ReadonlyMap<string, number>): void;
}

interface Folder {
  names: Map<string, Inode>;
  durable: Map<string, Inode>;
  pending: ((names: Map<string, Inode>) => void)[];
}

export class SimulatedDisk implements Disk {
  readonly #options: SimulatedDiskOptions;
  readonly #folders = new Map<string, Folder>();
  #generation = 0;
  #nextInode = 1;
  #capacity = Number.POSITIVE_INFINITY;
  #calls = 0;

  constructor(options: SimulatedDiskOptions) {
    this.#options = options;
  }

  /** Calls so far; lets a test cut at the n-th. */
  get calls(): number {
    return this.#calls;
  }

  /** Writes that would make all files together longer than this are short or refused. */
  setCapacity(bytes: number): void {
    this.#capacity = bytes;
  }

  usedBytes(): number {
    const inodes = new Set([...this.#folders.values()].flatMap((folder) => [...folder.names.values()]));
    return [...inodes].reduce((sum, inode) => sum + inode.size, 0);
  }

  cut(loss: 'everything' | 'random'): void {
    this.#generation++;
    const keep = loss === 'random' ? this.#options.random : null;
    const inodes = new Set<Inode>();
    for (const folder of this.#folders.values()) {
      const survivors = keep ? Math.floor(keep() * (folder.pending.length + 1)) : 0;
      for (const change of folder.pending.slice(0, survivors)) change(folder.durable);
      folder.names = new Map(folder.durable);
      folder.pending = [];
      for (const inode of folder.names.values()) inodes.add(inode);
    }
    for (const inode of inodes) inode.cut(keep);
  }

  /** Puts a file there, durably: the beginning of a test. */
  place(path: string, bytes: Uint8Array, inodeNumber?: number): void {
    const [folder, name] = this.#split(path, true);
    const inode = new Inode(inodeNumber ?? this.#nextInode, this.#options);
    this.#nextInode = Math.max(this.#nextInode, inode.number) + 1;
    inode.place(bytes);
    folder.names.set(name, inode);
    folder.durable.set(name, inode);
  }

  /** What a reader sees now; null if there is no such file. */
  peek(path: string): Uint8Array | null {
    const [folder, name] = this.#split(path, true);
    return folder.names.get(name)?.read(0, Number.MAX_SAFE_INTEGER) ?? null;
  }

  async makeDirectory(path: string): Promise<void> {
    await this.#call('makeDirectory', path);
    this.#folder(path, true);
  }

  async list(directory: string): Promise<readonly string[]> {
    await this.#call('list', directory);
    return [...this.#folder(directory, false).names.keys()];
  }

  async create(path: string): Promise<DiskFile> {
    await this.#call('create', path);
    const [folder, name] = this.#split(path, false);
    const inode = new Inode(this.#nextInode++, this.#options);
    this.#change(folderOf(path), folder, (names) => names.set(name, inode));
    return this.#file(path, inode);
  }

  open(path: string): Promise<DiskFile> {
    return this.reopen(path);
  }

  async reopen(path: string): Promise<DiskFile> {
    await this.#call('open', path);
    const [folder, name] = this.#split(path, false);
    const inode = folder.names.get(name);
    if (!inode) throw new DiskError('missing', `no file ${path}`);
    return this.#file(path, inode);
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#call('rename', from);
    const [folder, oldName] = this.#split(from, false);
    const [target, newName] = this.#split(to, false);
    const inode = folder.names.get(oldName);
    if (!inode) throw new DiskError('missing', `no file ${from}`);
    if (folder !== target) throw new DiskError('failed', 'this disk renames within one folder only');
    this.#change(folderOf(from), folder, (names) => {
      names.delete(oldName);
      names.set(newName, inode);
    });
  }

  async remove(path: string): Promise<void> {
    await this.#call('remove', path);
    const [folder, name] = this.#split(path, false);
    if (!folder.names.has(name)) throw new DiskError('missing', `no file ${path}`);
    this.#change(folderOf(path), folder, (names) => names.delete(name));
  }

  async syncDirectory(path: string): Promise<void> {
    const folder = this.#folder(path, false);
    const covered = folder.pending.length;
    await this.#call('syncDirectory', path);
    this.#settleFolder(path, folder, covered);
  }

  /** As large as its capacity, however that changes. */
  async space(directory: string): Promise<DiskSpace> {
    await this.#call('space', directory);
    const freeBytes = Math.max(0, this.#capacity - this.usedBytes());
    return { freeBytes, totalBytes: this.#capacity };
  }

  #file(path: string, inode: Inode): DiskFile {
    return {
      size: async () => {
        await this.#call('size', path);
        return inode.size;
      },
      read: async (at, length) => {
        await this.#call('read', path);
        return inode.read(at, length);
      },
      write: async (at, bytes) => (await this.#write('write', path, inode, at, bytes)).taken,
      writeDurably: async (at, bytes) => {
        const { taken, change } = await this.#write('writeDurably', path, inode, at, bytes);
        // Its page went with the sync that failed meanwhile: Linux tells everybody who waits for it.
        if (inode.wasLost(change)) throw simulated('failed', 'writeDurably', path);
        if (!this.#options.lies) inode.settle(change);
        return taken;
      },
      sync: async () => {
        const order = inode.order;
        try {
          await this.#call('sync', path);
        } catch (error) {
          inode.lose(order);
          throw error;
        }
        if (!this.#options.lies) inode.settleAll(order);
      },
      truncate: async (size) => {
        await this.#call('truncate', path);
        inode.truncate(size);
      },
      close: async () => {},
    };
  }

  /** From the moment of the call the bytes may reach the disk, whatever comes of the call. */
  async #write(kind: DiskCallKind, path: string, inode: Inode, at: number, bytes: Uint8Array) {
    const trouble = this.#options.trouble?.({ kind, path, length: bytes.length }) ?? null;
    const growth = Math.max(0, at + bytes.length - inode.size);
    const missing = Math.max(0, growth - Math.max(0, this.#capacity - this.usedBytes()));
    let taken = Math.max(0, bytes.length - missing);
    if (trouble && 'shortTo' in trouble) taken = Math.min(taken, trouble.shortTo);
    if (trouble && 'fault' in trouble && trouble.fault === 'full') taken = 0;
    const change = taken > 0 ? inode.write(at, bytes.slice(0, taken)) : 0;
    await this.#pause(kind, path, bytes.length);
    if (trouble && 'fault' in trouble) {
      if (kind === 'writeDurably') inode.loseOne(change);
      throw simulated(trouble.fault, kind, path);
    }
    if (taken === 0 && bytes.length > 0) throw simulated('full', kind, path);
    return { taken, change };
  }

  async #call(kind: DiskCallKind, path: string): Promise<void> {
    const trouble = this.#options.trouble?.({ kind, path, length: 0 });
    await this.#pause(kind, path, 0);
    if (trouble && 'fault' in trouble) throw simulated(trouble.fault, kind, path);
  }

  async #pause(kind: DiskCallKind, path: string, length: number): Promise<void> {
    this.#calls++;
    const generation = this.#generation;
    const { timers, delayMs } = this.#options;
    const ms = timers ? (delayMs?.({ kind, path, length }) ?? 0) : 0;
    if (timers && ms > 0) await new Promise<void>((resolve) => timers.after(ms, resolve));
    else await Promise.resolve();
    // The machine that made the call is gone.
    if (generation !== this.#generation) await new Promise<never>(() => {});
  }

  #change(path: string, folder: Folder, change: (names: Map<string, Inode>) => void): void {
    change(folder.names);
    folder.pending.push(change);
    const { leak, random } = this.#options;
    if (leak && random() < leak) this.#settleFolder(path, folder, folder.pending.length);
  }

  #settleFolder(path: string, folder: Folder, count: number): void {
    for (const change of folder.pending.splice(0, count)) change(folder.durable);
    const numbers = new Map([...folder.durable].map(([name, inode]) => [name, inode.number]));
    this.#options.mirror?.folder(path, numbers);
  }

  #split(path: string, make: boolean): [Folder, string] {
    return [this.#folder(folderOf(path), make), path.slice(path.lastIndexOf('/') + 1)];
  }

  #folder(path: string, make: boolean): Folder {
    let folder = this.#folders.get(path);
    if (!folder) {
      if (!make) throw new DiskError('missing', `no folder ${path}`);
      folder = { names: new Map(), durable: new Map(), pending: [] };
      this.#folders.set(path, folder);
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
