/** One run: the server on one core, the load on the other; CPU, memory and latencies of it. */
import { type LoadPlan, type LoadReport, type LoadPhase, runLoad } from './load-generator.ts';
import type { Peer } from './peers.ts';
import { cpuSeconds, processTree, residentMb } from './process.ts';

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
  /** Deliveries that were out of order, repeated or changed. */
  readonly faults: number;
  readonly missing: number;
  readonly deliveriesPerSecond: number;
  readonly report: LoadReport;
}

/** The figures of a sample that tables and goals use. */
export type FigureName = Exclude<keyof Sample, 'report'>;

export async function measure(peer: Peer, shape: LoadShape, folder: string): Promise<Sample> {
  const server = await peer.start(shape.rooms, shape.players, folder);
  try {
    return await measurePlan(
      { ...shape, protocol: server.protocol, rooms: server.rooms },
      server.pids,
      folder,
    );
  } finally {
    await server.stop();
  }
}

/**
 * Runs the plan and measures the processes `pids`, and those that they started, from `measuring` to `measured`.
 * `onPhase` is called at each phase, after their CPU and memory were read.
 */
export async function measurePlan(
  plan: LoadPlan,
  pids: readonly number[],
  folder: string,
  onPhase: (phase: LoadPhase) => void = () => {},
): Promise<Sample> {
  const cost = { cpuBefore: 0, cpuAfter: 0, memoryMb: 0 };
  const sum = (of: (pid: number) => number): number =>
    pids.flatMap(processTree).reduce((all, pid) => all + of(pid), 0);
  const report = await runLoad(plan, folder, (phase) => {
    if (phase === 'measuring') cost.cpuBefore = sum(cpuSeconds);
    if (phase === 'measured') {
      cost.cpuAfter = sum(cpuSeconds);
      cost.memoryMb = sum(residentMb);
    }
    onPhase(phase);
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
