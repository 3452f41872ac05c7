/** The machine of a load: temporary folder, files, CPU time and memory of processes. */
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockFile } from '../../lib/lock.real.ts';

const PREFIX = 'escapement-load-';
/** Not `lock`, the name in a data folder: no data folder may be mistaken for a load folder and removed. */
const LOCK = 'load.lock';
const TMPFS = 0x0102_1994;
/** Clock ticks in /proc/<pid>/stat: 100 per second on every Linux that Bun supports. */
const TICKS_PER_SECOND = 100;
const LOG_BYTES_SHOWN = 2_000;

export interface LoadFolder {
  readonly path: string;
  /** The data folder of the private server. */
  readonly data: string;
  /** The folder is in memory, so the results do not include a disk. */
  readonly inMemory: boolean;
  /** File descriptor for the output of the server. */
  readonly output: number;
  /** The end of the server's output, for error messages. */
  outputEnd(): string;
  remove(): void;
}

/** Makes a folder. Removes folders of loads that were killed: their locks are free. */
export function makeLoadFolder(): LoadFolder {
  const parent = tmpdir();
  for (const name of readdirSync(parent)) {
    if (name.startsWith(PREFIX)) removeIfOrphaned(join(parent, name));
  }
  const path = mkdtempSync(join(parent, PREFIX));
  const lock = lockFile(join(path, LOCK));
  if (!lock.ok) throw new Error(`${path} is locked`);
  const data = join(path, 'data');
  mkdirSync(data, { mode: 0o700 });
  const log = join(path, 'server.log');
  const output = openSync(log, 'a', 0o600);
  return {
    path,
    data,
    inMemory: isInMemory(path),
    output,
    outputEnd: () => readFileSync(log, 'utf8').slice(-LOG_BYTES_SHOWN),
    remove() {
      closeSync(output);
      rmSync(path, { recursive: true, force: true });
      lock.release();
    },
  };
}

function removeIfOrphaned(path: string): void {
  try {
    // Another load that has just made its folder may not have locked it yet.
    if (!readdirSync(path).includes(LOCK)) return;
    const lock = lockFile(join(path, LOCK));
    if (!lock.ok) return;
    rmSync(path, { recursive: true, force: true });
    lock.release();
  } catch {
    // It belongs to another user, or another load has removed it.
  }
}

function isInMemory(path: string): boolean {
  try {
    return statfsSync(path).type === TMPFS;
  } catch {
    return false;
  }
}

/** Throws the system's error. */
export function writeText(file: string, text: string): void {
  writeFileSync(file, text, { mode: 0o600 });
}

export interface Usage {
  /** User and system time of all threads. */
  readonly cpuSeconds: number;
  readonly residentMb: number;
}

/** The sum of all processes; null without /proc, or if a process has exited. */
export function usageOf(pids: readonly number[]): Usage | null {
  try {
    return pids.map(usageOfOne).reduce((all, one) => ({
      cpuSeconds: all.cpuSeconds + one.cpuSeconds,
      residentMb: all.residentMb + one.residentMb,
    }));
  } catch {
    return null;
  }
}

function usageOfOne(pid: number): Usage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name of the program may contain spaces; the fields after it do not.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
    residentMb: Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024,
  };
}

/** User and system CPU time of this process. */
export function ownCpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000_000;
}
