/** One run: a server on its core, the load on the other, and what it cost. */
import { join } from 'node:path';
import type { LoadPlan, LoadReport } from '../load.ts';
import type { Peer } from './peers.ts';
import { cpuSeconds, pinned, residentMb } from './process.ts';

export interface LoadShape {
  readonly rooms: number;
  readonly players: number;
  readonly rate: number;
  readonly bodyBytes: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

export interface Sample {
  /** Share of one core. */
  readonly cpu: number;
  readonly p50: number;
  readonly p99: number;
  readonly memoryMb: number;
  /** Out of order or twice. */
  readonly faults: number;
  readonly missing: number;
  readonly deliveriesPerSecond: number;
}

const LOAD_CORE = 1;

export async function measure(peer: Peer, shape: LoadShape, folder: string): Promise<Sample> {
  const server = await peer(shape.rooms, shape.players, folder);
  try {
    const plan: LoadPlan = {
      ...shape,
      port: server.port,
      speech: server.speech,
      rooms: server.rooms,
      cursors: null,
    };
    const planPath = join(folder, 'plan.json');
    await Bun.write(planPath, JSON.stringify(plan));
    return await watch(server.pid, planPath);
  } finally {
    await server.stop();
  }
}

async function watch(pid: number, planPath: string): Promise<Sample> {
  const child = pinned(LOAD_CORE, [process.execPath, 'bench/load.ts', planPath]);
  const cpu = { before: 0, after: 0, memoryMb: 0 };
  const found: { report: LoadReport | null } = { report: null };
  const decoder = new TextDecoder();
  let text = '';
  for await (const bytes of child.stdout) {
    text += decoder.decode(bytes, { stream: true });
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) {
      if (line === 'measuring') cpu.before = cpuSeconds(pid);
      if (line === 'measured') {
        cpu.after = cpuSeconds(pid);
        cpu.memoryMb = residentMb(pid);
      }
      if (line.startsWith('report ')) found.report = JSON.parse(line.slice(7)) as LoadReport;
    }
  }
  const code = await child.exited;
  const { report } = found;
  if (report === null) throw new Error(`the load ended with ${code} and no report`);
  return {
    cpu: (cpu.after - cpu.before) / report.seconds,
    p50: report.p50,
    p99: report.p99,
    memoryMb: cpu.memoryMb,
    faults: report.faults,
    missing: report.expected - report.delivered,
    deliveriesPerSecond: report.delivered / report.seconds,
  };
}
