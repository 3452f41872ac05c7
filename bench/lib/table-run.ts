/** Measures the systems of the table in turn: first what each can take, then the runs, interleaved. */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type LoadShape, measure, type Sample } from './measure.ts';
import type { Peer } from './peers.ts';
import type { Result } from './table.ts';

/** Shares of the load that are tried, until everything is delivered. */
const SHARES = [1, 0.6, 0.4, 0.2, 0.1, 0.05];
const TRIAL_MS = 3_000;
/** Later than this a system no longer keeps up, though it may deliver in the end. */
const TRIAL_P99_MS_MAX = 1_000;
/** They get the whole load, whatever comes of it. */
const WHOLE = new Set(['limit', 'escapement']);

export async function runTable(
  peers: readonly Peer[],
  load: LoadShape,
  runs: number,
  folder: string,
  say: (text: string) => void,
): Promise<readonly Result[]> {
  const entries: (Taken & { readonly peer: Peer; readonly samples: Sample[] })[] = [];
  for (const peer of peers) {
    const whole = { rate: load.rate, shareOfAll: null };
    const taken = WHOLE.has(peer.name) ? whole : await rateTaken(peer, load, folder, say);
    entries.push({ peer, ...taken, samples: [] });
  }
  for (let run = 1; run <= runs; run++) {
    for (const { peer, rate, samples } of entries) {
      const sample = await one(peer, { ...load, rate }, folder);
      samples.push(sample);
      say(`run ${run} of ${runs}, ${peer.title}, ${rate}/s: ${inShort(sample)}`);
    }
  }
  return entries;
}

type Taken = Pick<Result, 'rate' | 'shareOfAll'>;

/** The largest of a few rates at which it still delivers everything. */
async function rateTaken(
  peer: Peer,
  load: LoadShape,
  folder: string,
  say: (text: string) => void,
): Promise<Taken> {
  let rate = load.rate;
  let shareOfAll: number | null = null;
  for (const share of SHARES) {
    rate = Math.round(load.rate * share);
    const sample = await one(peer, { ...load, rate, measureMs: TRIAL_MS }, folder);
    say(`trial, ${peer.title}, ${rate}/s: ${inShort(sample)}`);
    if (sample.missing === 0 && sample.faults === 0 && sample.p99 <= TRIAL_P99_MS_MAX) break;
    // The first one is the whole load.
    shareOfAll ??= Math.min(1, sample.report.during / sample.report.expected);
  }
  return { rate, shareOfAll };
}

async function one(peer: Peer, load: LoadShape, folder: string): Promise<Sample> {
  const own = await mkdtemp(join(folder, `${peer.name}-`));
  try {
    return await measure(peer, load, own);
  } finally {
    await rm(own, { recursive: true, force: true });
  }
}

function inShort({ cpu, p50, p99, memoryMb, missing, faults, report }: Sample): string {
  const parts = [
    `CPU ${cpu.toFixed(3)}`,
    `p50 ${p50.toFixed(2)} ms`,
    `p99 ${p99.toFixed(2)} ms`,
    `${memoryMb.toFixed(0)} MB`,
    `missing ${missing}`,
    `faults ${faults}${faults > 0 ? ` (${report.firstFault})` : ''}`,
    `the load itself late by ${report.lateP99.toFixed(2)} ms (p99)`,
  ];
  return parts.join(', ');
}
