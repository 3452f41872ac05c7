/** What a load touches of this machine: its temporary folder, files, what processes cost. */
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
/** Not `lock`: that is what a data folder has, and none may be taken for one of ours. */
const LOCK = 'load.lock';
const TMPFS = 0x0102_1994;
/** Of /proc/<pid>/stat: 100 on every Linux that the runtime runs on. */
const TICKS_PER_SECOND = 100;
const LOG_BYTES_SHOWN = 2_000;

export interface LoadFolder {
  readonly path: string;
  /** For the data of the private server. */
  readonly data: string;
  /** It is in memory: what a disk costs is not in the figures. */
  readonly inMemory: boolean;
  /** Where the server's output goes. */
  readonly output: number;
  /** The end of that output, for when it failed. */
  lastWords(): string;
  remove(): void;
}

/** Makes a folder, and removes those of earlier loads that were killed: their locks are free. */
export function makeFolder(): LoadFolder {
  const parent = tmpdir();
  for (const name of readdirSync(parent)) {
    if (name.startsWith(PREFIX)) removeIfLeft(join(parent, name));
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
    lastWords: () => readFileSync(log, 'utf8').slice(-LOG_BYTES_SHOWN),
    remove() {
      closeSync(output);
      rmSync(path, { recursive: true, force: true });
      lock.release();
    },
  };
}

function removeIfLeft(path: string): void {
  try {
    // A folder without a lock is one that is just being made.
    if (!readdirSync(path).includes(LOCK)) return;
    const lock = lockFile(join(path, LOCK));
    if (!lock.ok) return;
    rmSync(path, { recursive: true, force: true });
    lock.release();
  } catch {
    // Somebody else's, or gone meanwhile.
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
  /** User and system, of all threads. */
  readonly cpuSeconds: number;
  readonly residentMb: number;
}

/** null where the system does not tell, or the process is gone. */
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
  // The name may hold spaces; the fields behind it do not.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
    residentMb: Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024,
  };
}

/** Of this process. */
export function ownCpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000_000;
}
