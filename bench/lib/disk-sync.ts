/** How long the smallest durable write takes on this disk: no durable delivery can be faster. */
import { open, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { Histogram } from './histogram.ts';

const WRITES = 400;
const BYTES = 4_096;

/** The type that statfs(2) reports for a file system in memory (TMPFS_MAGIC), on which nothing is durable. */
const TMPFS = 0x01021994;

/** In ms. */
export interface SyncTimes {
  readonly p50: number;
  readonly p99: number;
}

export async function isInMemory(folder: string): Promise<boolean> {
  return (await statfs(folder)).type === TMPFS;
}

export function syncText({ p50, p99 }: SyncTimes): string {
  return `Disk: write 4 KB + fdatasync p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms.`;
}

/** Writes of 4 KB + fdatasync at the end of a growing file; ms. */
export async function measureSync(folder: string): Promise<SyncTimes> {
  const path = join(folder, 'sync-times');
  const file = await open(path, 'w');
  const block = new Uint8Array(BYTES).fill(7);
  const times = new Histogram();
  for (let index = 0; index < WRITES; index++) {
    const began = performance.now();
    await file.write(block);
    await file.datasync();
    times.add(performance.now() - began);
  }
  await file.close();
  await rm(path);
  return { p50: times.quantile(0.5), p99: times.quantile(0.99) };
}
