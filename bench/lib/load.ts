/** The load generator (bench/load/*.c): built when it is needed, given a plan, listened to. */
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PROTOCOL_VERSION } from '../../sdk/protocol/version.ts';
import { linesOf, LOAD_CORE, pinned } from './process.ts';

/** Where a player connects. */
export interface Place {
  readonly port: number;
  readonly path: string;
  /** Escapement's ticket; empty elsewhere. */
  readonly ticket: string;
}

export interface LoadPlan {
  readonly speech: 'relay' | 'escapement' | 'socketio' | 'colyseus';
  readonly rooms: readonly (readonly Place[])[];
  /** Messages per second of all rooms together; 0 = everybody connects and stays idle. */
  readonly rate: number;
  readonly bodyBytes: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** How long what is still on its way is waited for; 3,000 if not said. */
  readonly settleMs?: number;
  /** Messages come so many at a time, the mean rate unchanged. */
  readonly burst?: number;
  /** Cursor signals per second and player, for the share of players that move theirs. */
  readonly cursors?: { readonly share: number; readonly perSecond: number };
  /** Who is closed comes back, after a backoff with full jitter. */
  readonly reconnect?: { readonly firstMs: number; readonly maxMs: number };
  /** Source addresses 127.0.0.1 … over which players are spread: one has ports for some 28,000. */
  readonly sources?: number;
}

/** As bench/load/tally.c prints it; latencies in ms. */
export interface LoadReport {
  readonly sent: number;
  readonly delivered: number;
  readonly expected: number;
  /** What came in the measured stretch itself, whenever it was sent: less than expected if the server cannot keep up. */
  readonly during: number;
  /** Twice, out of order, of another room, at different seqs …; the first one in words. */
  readonly faults: number;
  readonly firstFault: string;
  readonly seconds: number;
  /** Frames of cursors that came. */
  readonly signals: number;
  /** Connections that ended and did not come back. */
  readonly closed: number;
  /** Escapement: messages refused, rooms held, "expect" answers, positions that did not hold. */
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
  /** How late the generator itself was, and the share of the time in which it had something to do. */
  readonly lateP99: number;
  readonly lateMax: number;
  readonly busy: number;
  /** With `reconnect`, ms since the first connection was lost; -1 = it was not that many, or they are not back. */
  readonly outage: {
    readonly awayMost: number;
    readonly reconnects: number;
    readonly halfBackMs: number;
    readonly back99Ms: number;
    readonly allBackMs: number;
  };
  /** [share of the deliveries, latency at most]. */
  readonly distribution: readonly (readonly [share: number, ms: number])[];
}

/** `connected`: everybody is live. What counts lies between `measuring` and `measured`. */
export type LoadWord = 'connected' | 'measuring' | 'measured';

const SOURCES = join(import.meta.dir, '../load');
const BUILT = join(import.meta.dir, '../../.cache/bench');

/** Compiles a program of the benchmarks; answers its path. Takes about a second. */
export async function compile(name: string, sources: readonly string[], libraries: readonly string[]) {
  await mkdir(BUILT, { recursive: true });
  const path = join(BUILT, name);
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
 * Plays the plan, on the core that the servers do not have. `heard` is called at each word, while the load
 * goes on. Throws when the generator gives up: somebody could not come in.
 */
export async function runLoad(
  plan: LoadPlan,
  folder: string,
  heard: (word: LoadWord) => void = () => {},
): Promise<LoadReport> {
  generator ??= buildGenerator();
  const path = join(folder, 'plan.txt');
  await Bun.write(path, planText(plan));
  const child = pinned(LOAD_CORE, [await generator, path]);
  let report: LoadReport | null = null;
  for await (const line of linesOf(child.stdout)) {
    if (line.startsWith('report ')) report = JSON.parse(line.slice(7)) as LoadReport;
    else heard(line as LoadWord);
  }
  const code = await child.exited;
  if (report === null) throw new Error(`the load ended with ${code} and no report`);
  return report;
}

/** The format is described in bench/load/plan.c. */
function planText(plan: LoadPlan): string {
  const lines = [
    `speech ${plan.speech}`,
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
