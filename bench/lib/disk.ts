/** What this disk takes for the smallest durable write: the floor under every durable figure. */
import { open, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { Histogram } from './histogram.ts';

const WRITES = 400;
const BYTES = 4_096;

/** statfs's number for a file system in memory, on which nothing is durable and everything is fast. */
const TMPFS = 0x01021994;

export interface Disk {
  readonly p50: number;
  readonly p99: number;
}

export async function isMemory(folder: string): Promise<boolean> {
  return (await statfs(folder)).type === TMPFS;
}

export function diskText({ p50, p99 }: Disk): string {
  return `Disk: write 4 KB + fdatasync p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms.`;
}

/** write 4 KB + fdatasync at the end of a growing file; ms. */
export async function syncTimes(folder: string): Promise<Disk> {
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
