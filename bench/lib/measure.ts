/** One run: a server on its core, the load on the other, and what it cost. */
import { type LoadPlan, type LoadReport, type LoadWord, runLoad } from './load.ts';
import type { Peer } from './peers.ts';
import { cpuSeconds, family, residentMb } from './process.ts';

export interface LoadShape {
  readonly rooms: number;
  readonly players: number;
  readonly rate: number;
  readonly bodyBytes: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

export interface Sample {
  /** Share of one core, all processes of the server together. */
  readonly cpu: number;
  readonly p50: number;
  readonly p99: number;
  readonly memoryMb: number;
  /** Out of order, twice, or other than it was sent. */
  readonly faults: number;
  readonly missing: number;
  readonly deliveriesPerSecond: number;
  readonly report: LoadReport;
}

/** What a table or a promise may be about. */
export type Figure = Exclude<keyof Sample, 'report'>;

export async function measure(peer: Peer, shape: LoadShape, folder: string): Promise<Sample> {
  const server = await peer.start(shape.rooms, shape.players, folder);
  try {
    return await measurePlan({ ...shape, speech: server.speech, rooms: server.rooms }, server.pids, folder);
  } finally {
    await server.stop();
  }
}

/**
 * Plays the plan and reads what the processes, and those they started, cost meanwhile. `heard` is
 * called after that, at each word.
 */
export async function measurePlan(
  plan: LoadPlan,
  pids: readonly number[],
  folder: string,
  heard: (word: LoadWord) => void = () => {},
): Promise<Sample> {
  const cost = { cpuBefore: 0, cpuAfter: 0, memoryMb: 0 };
  const sum = (of: (pid: number) => number): number =>
    pids.flatMap(family).reduce((all, pid) => all + of(pid), 0);
  const report = await runLoad(plan, folder, (word) => {
    if (word === 'measuring') cost.cpuBefore = sum(cpuSeconds);
    if (word === 'measured') {
      cost.cpuAfter = sum(cpuSeconds);
      cost.memoryMb = sum(residentMb);
    }
    heard(word);
  });
  return {
    cpu: (cost.cpuAfter - cost.cpuBefore) / report.seconds,
    p50: report.p50,
    p99: report.p99,
    memoryMb: cost.memoryMb,
    faults: report.faults,
    missing: report.expected - report.delivered,
    deliveriesPerSecond: report.delivered / report.seconds,
    report,
  };
}
