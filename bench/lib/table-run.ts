/** Measures the systems of the table: first trials of the load that each can take, then interleaved runs. */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type LoadShape, measure, type Sample } from './measure.ts';
import type { Peer } from './peers.ts';
import type { Result } from './table.ts';

/** Shares of the load, tried in this order until everything is delivered. */
const SHARES = [1, 0.6, 0.4, 0.2, 0.1, 0.05];
const TRIAL_MS = 3_000;
/** Above this a system does not keep up with the load, even if it delivers everything in the end. */
const TRIAL_P99_MS_MAX = 1_000;
/** These always get the full load, without a trial. */
const FULL_LOAD = new Set(['limit', 'escapement']);

export async function runTable(
  peers: readonly Peer[],
  load: LoadShape,
  runs: number,
  folder: string,
  log: (text: string) => void,
): Promise<readonly Result[]> {
  const entries: (RateFound & { readonly peer: Peer; readonly samples: Sample[] })[] = [];
  for (const peer of peers) {
    const full = { rate: load.rate, deliveredShare: null };
    const found = FULL_LOAD.has(peer.name) ? full : await findRate(peer, load, folder, log);
    entries.push({ peer, ...found, samples: [] });
  }
  for (let run = 1; run <= runs; run++) {
    for (const { peer, rate, samples } of entries) {
      const sample = await measureIn(peer, { ...load, rate }, folder);
      samples.push(sample);
      log(`run ${run} of ${runs}, ${peer.title}, ${rate}/s: ${sampleText(sample)}`);
    }
  }
  return entries;
}

type RateFound = Pick<Result, 'rate' | 'deliveredShare'>;

/** The highest of a few rates at which the system delivers everything in time. */
async function findRate(
  peer: Peer,
  load: LoadShape,
  folder: string,
  log: (text: string) => void,
): Promise<RateFound> {
  let rate = load.rate;
  let deliveredShare: number | null = null;
  for (const share of SHARES) {
    rate = Math.round(load.rate * share);
    const sample = await measureIn(peer, { ...load, rate, measureMs: TRIAL_MS }, folder);
    log(`trial, ${peer.title}, ${rate}/s: ${sampleText(sample)}`);
    if (sample.missing === 0 && sample.faults === 0 && sample.p99 <= TRIAL_P99_MS_MAX) break;
    // Only of the first trial, which is the full load.
    deliveredShare ??= Math.min(1, sample.report.during / sample.report.expected);
  }
  return { rate, deliveredShare };
}

async function measureIn(peer: Peer, load: LoadShape, folder: string): Promise<Sample> {
  const own = await mkdtemp(join(folder, `${peer.name}-`));
  try {
    return await measure(peer, load, own);
  } finally {
    await rm(own, { recursive: true, force: true });
  }
}

function sampleText({ cpu, p50, p99, memoryMb, missing, faults, report }: Sample): string {
  const parts = [
    `CPU ${cpu.toFixed(3)}`,
    `p50 ${p50.toFixed(2)} ms`,
    `p99 ${p99.toFixed(2)} ms`,
    `${memoryMb.toFixed(0)} MB`,
    `missing ${missing}`,
    `faults ${faults}${faults > 0 ? ` (${report.firstFault})` : ''}`,
    `load generator late by ${report.lateP99.toFixed(2)} ms (p99)`,
  ];
  return parts.join(', ');
}
