/** Builds the load generator (bench/load/*.c), runs it with a plan, and reads its report. */
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PROTOCOL_VERSION } from '../../sdk/protocol/version.ts';
import { linesOf, LOAD_CORE, spawnPinned } from './process.ts';

/** Where a player connects. */
export interface Endpoint {
  readonly port: number;
  readonly path: string;
  /** Escapement's ticket; empty elsewhere. */
  readonly ticket: string;
}

export interface LoadPlan {
  readonly protocol: 'relay' | 'escapement' | 'socketio' | 'colyseus';
  readonly rooms: readonly (readonly Endpoint[])[];
  /** Messages per second of all rooms together; 0 = all players connect and stay idle. */
  readonly rate: number;
  readonly bodyBytes: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** After the measured stretch, wait at most this long for outstanding deliveries; default 3,000. */
  readonly settleMs?: number;
  /** Messages are sent in groups of this size; the mean rate stays the same. */
  readonly burst?: number;
  /** At any time this share of the players moves its cursor, with `perSecond` signals each. */
  readonly cursors?: { readonly share: number; readonly perSecond: number };
  /** A player whose connection ends reconnects, after a backoff with full jitter. */
  readonly reconnect?: { readonly firstMs: number; readonly maxMs: number };
  /** Number of source addresses, 127.0.0.1 …, that players connect from: one has about 28,000 ports. */
  readonly sources?: number;
}

/** The report that bench/load/tally.c prints; latencies in ms. */
export interface LoadReport {
  readonly sent: number;
  readonly delivered: number;
  readonly expected: number;
  /** Deliveries within the measured stretch, whenever sent: fewer than expected if the server is too slow. */
  readonly during: number;
  /** Deliveries that were repeated, out of order, changed …, and a description of the first. */
  readonly faults: number;
  readonly firstFault: string;
  readonly seconds: number;
  /** Frames with cursor signals that were received. */
  readonly signals: number;
  /** Connections that ended without a reconnect. */
  readonly closed: number;
  /** Escapement only: refused messages, `hold` and `expect` frames, resumes that became a full replay. */
  readonly refused: number;
  readonly holds: number;
  readonly expects: number;
  readonly resets: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
  readonly mean: number;
  /** How late the generator sent messages, ms, and the share of the time in which it was busy. */
  readonly lateP99: number;
  readonly lateMax: number;
  readonly busy: number;
  /**
   * With `reconnect`: the most players that were away at once, and the ms from the first lost connection until
   * half, 99 % or all of them were live again; -1 = fewer were away, or they are not back.
   */
  readonly outage: {
    readonly awayMax: number;
    readonly reconnects: number;
    readonly halfBackMs: number;
    readonly back99Ms: number;
    readonly allBackMs: number;
  };
  /** This share of the deliveries took at most that many ms. */
  readonly distribution: readonly (readonly [share: number, ms: number])[];
}

/** `connected`: all players are live. The measured stretch is from `measuring` to `measured`. */
export type LoadPhase = 'connected' | 'measuring' | 'measured';

const SOURCES = join(import.meta.dir, '../load');
const BUILD_FOLDER = join(import.meta.dir, '../../.cache/bench');

/** Compiles a C program of the benchmarks and returns its path. Takes about a second. */
export async function compile(name: string, sources: readonly string[], libraries: readonly string[]) {
  await mkdir(BUILD_FOLDER, { recursive: true });
  const path = join(BUILD_FOLDER, name);
  const command = ['gcc', '-std=gnu11', '-O2', '-Wall', '-Wextra', '-o', path, ...sources, ...libraries];
  const { exitCode, stderr } = Bun.spawnSync(command, { stderr: 'pipe' });
  if (exitCode !== 0) throw new Error(`${name} does not compile: ${stderr.toString()}`);
  return path;
}

let generator: Promise<string> | null = null;

async function buildGenerator(): Promise<string> {
  const sources = (await readdir(SOURCES)).filter((name) => name.endsWith('.c'));
  return compile(
    'load',
    sources.map((name) => join(SOURCES, name)),
    ['-lz', '-lm'],
  );
}

/**
 * Runs the plan on the load's core. `onPhase` is called at each phase, while the load goes on. Throws if the
 * generator fails, for example because a player cannot connect.
 */
export async function runLoad(
  plan: LoadPlan,
  folder: string,
  onPhase: (phase: LoadPhase) => void = () => {},
): Promise<LoadReport> {
  generator ??= buildGenerator();
  const path = join(folder, 'plan.txt');
  await Bun.write(path, planText(plan));
  const child = spawnPinned(LOAD_CORE, [await generator, path]);
  let report: LoadReport | null = null;
  for await (const line of linesOf(child.stdout)) {
    if (line.startsWith('report ')) report = JSON.parse(line.slice(7)) as LoadReport;
    else onPhase(line as LoadPhase);
  }
  const code = await child.exited;
  if (report === null) throw new Error(`the load generator ended with code ${code} and no report`);
  return report;
}

/** In the format that bench/load/plan.c describes. */
function planText(plan: LoadPlan): string {
  const lines = [
    `protocol ${plan.protocol}`,
    `version ${PROTOCOL_VERSION}`,
    `rate ${plan.rate}`,
    `body ${plan.bodyBytes}`,
    `warmup-ms ${plan.warmUpMs}`,
    `measure-ms ${plan.measureMs}`,
  ];
  if (plan.settleMs !== undefined) lines.push(`settle-ms ${plan.settleMs}`);
  if (plan.burst) lines.push(`burst ${plan.burst}`);
  if (plan.cursors) lines.push(`cursors ${plan.cursors.share} ${plan.cursors.perSecond}`);
  if (plan.reconnect) lines.push(`reconnect ${plan.reconnect.firstMs} ${plan.reconnect.maxMs}`);
  if (plan.sources) lines.push(`sources ${plan.sources}`);
  for (const room of plan.rooms) {
    lines.push('room', ...room.map(({ port, path, ticket }) => `player ${port} ${path} ${ticket}`.trimEnd()));
  }
  return `${lines.join('\n')}\n`;
}
