/**
 * `escapement load`: a load test of this machine. Plays many rooms on a private server and checks every delivery. The
 * exit code is 0 only if every delivery was correct.
 */
import { OperatorError } from '../../errors.ts';
import type { World } from '../../lib/world.ts';
import type { Terminal } from '../command.ts';
import { SAME_SIGNAL_MS } from '../stop.ts';
import { LoadRunner } from './load-runner.ts';
import { type LoadServer, startLoadServer } from './load-server.ts';
import { ownCpuSeconds, type Usage, usageOf, writeText } from './machine.real.ts';
import { type LoadPlan, readPlan } from './options.ts';
import { grouped, isCorrect, ms, type Outcome, reportJson, reportLines } from './report.ts';
import { Counters } from './counters.ts';

const PROGRESS_MS = 1_000;

/** `open` starts the server to play on. */
export async function load(
  args: readonly string[],
  terminal: Terminal,
  world: World,
  open: (plan: LoadPlan, world: World) => Promise<LoadServer> = startLoadServer,
): Promise<number> {
  const plan = readPlan(args);
  if (plan.json !== null) writeJson(plan.json, '');
  const stop = stopSignals(terminal, world);
  terminal.out(`Starting a private server for ${grouped(plan.rooms)} rooms; your data is not touched.`);
  const server = await open(plan, world);
  try {
    if (stop.isStopping()) throw new OperatorError('load-stopped', {});
    const outcome = await play(plan, server, terminal, world, stop);
    if (plan.json !== null) writeJson(plan.json, reportJson(outcome));
    terminal.out(reportLines(outcome).join('\n'));
    return isCorrect(outcome) ? 0 : 1;
  } finally {
    await server.close();
  }
}

/** The first signal stops sending early, a second one aborts the load. */
interface StopSignals {
  /** A signal was received. */
  isStopping(): boolean;
  onFirst: () => void;
  readonly second: Promise<never>;
}

function stopSignals(terminal: Terminal, world: World): StopSignals {
  let firstAt: number | null = null;
  const second = Promise.withResolvers<never>();
  // It may reject before it is awaited.
  second.promise.catch(() => {});
  const signals: StopSignals = {
    isStopping: () => firstAt !== null,
    onFirst: () => {},
    second: second.promise,
  };
  terminal.onSignal(() => {
    const now = world.clock.mono();
    if (firstAt === null) {
      firstAt = now;
      terminal.err('Stopping early; a second signal aborts.');
      signals.onFirst();
    } else if (now - firstAt >= SAME_SIGNAL_MS) second.reject(new OperatorError('load-stopped', {}));
  });
  return signals;
}

async function play(
  plan: LoadPlan,
  server: LoadServer,
  terminal: Terminal,
  world: World,
  stop: StopSignals,
): Promise<Outcome> {
  const counters = new Counters();
  const runner = new LoadRunner(plan, server.seats, counters, world);
  stop.onFirst = () => runner.stopEarly();
  const monitor = startMonitor(plan, runner, counters, server, terminal, world);
  const serverEnded = server.failed.then((message) => {
    throw new OperatorError('load-server-ended', { message });
  });
  try {
    const end = await Promise.race([runner.run(), serverEnded, stop.second]);
    if (!end.ok) throw new OperatorError('load-not-in', { why: end.why });
    const { playedMs, playedMessages, settled } = end;
    return {
      plan,
      counters,
      players: runner.players.length,
      playedMs,
      playedMessages,
      settled,
      stoppedEarly: stop.isStopping(),
      ...monitor.usage(),
      folder: { path: server.folder, inMemory: server.inMemory },
    };
  } finally {
    monitor.stop();
    runner.abort();
    serverEnded.catch(() => {});
  }
}

interface UsageSample {
  readonly atMs: number;
  /** CPU seconds of this process. */
  readonly ownCpu: number;
  readonly server: Usage | null;
}

/** Prints a progress line each second, and measures what is used while all players are connected. */
function startMonitor(
  plan: LoadPlan,
  runner: LoadRunner,
  counters: Counters,
  server: LoadServer,
  terminal: Terminal,
  world: World,
) {
  const sampleNow = (): UsageSample => ({
    atMs: world.clock.mono(),
    ownCpu: ownCpuSeconds(),
    server: usageOf(server.pids),
  });
  const began = sampleNow();
  let residentMb = began.server?.residentMb ?? 0;
  let complete: UsageSample | null = null;
  let last = began;
  const sample = (): void => {
    const found = sampleNow();
    residentMb = Math.max(residentMb, found.server?.residentMb ?? 0);
    if (runner.phase === 'playing') complete ??= found;
    if (runner.phase === 'playing' || complete === null) last = found;
  };
  let cancel = world.timers.after(PROGRESS_MS, report);
  function report(): void {
    sample();
    const seconds = Math.round((world.clock.mono() - began.atMs) / 1_000);
    terminal.progress(progressLine(seconds, runner, counters, plan));
    counters.second.clear();
    cancel = world.timers.after(PROGRESS_MS, report);
  }
  return {
    stop: () => cancel(),
    usage() {
      sample();
      // If the play was too short for two samples, the usage is that of the whole run.
      const first = complete === null || complete === last ? began : complete;
      const seconds = Math.max(0.001, (last.atMs - first.atMs) / 1_000);
      const serverUsage =
        first.server === null || last.server === null
          ? null
          : { cores: (last.server.cpuSeconds - first.server.cpuSeconds) / seconds, residentMb };
      return { generatorCores: (last.ownCpu - first.ownCpu) / seconds, server: serverUsage };
    },
  };
}

const PHASES = { connecting: 'connecting', playing: 'playing', settling: 'settling', over: 'over' } as const;

/** The most important values first: a narrow terminal cuts the end off. */
function progressLine(seconds: number, runner: LoadRunner, counters: Counters, plan: LoadPlan): string {
  const { second } = counters;
  const speed = second.count === 0 ? '' : `p50 ${ms(second.quantile(0.5))} p99 ${ms(second.quantile(0.99))}`;
  return [
    `${String(seconds).padStart(4)} s ${PHASES[runner.phase]}`,
    `${grouped(counters.faultCount)} faults`,
    `${grouped(runner.liveCount)}/${grouped(plan.rooms * plan.players)} players`,
    `${grouped(counters.sent)} sent`,
    `${grouped(counters.delivered)} delivered`,
    speed,
    `${grouped(counters.drops)} drops ${grouped(counters.resumes)} resumes`,
  ]
    .filter(Boolean)
    .join('  ');
}

function writeJson(file: string, text: string): void {
  try {
    writeText(file, text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new OperatorError('load-json', { file, why }, { cause: error });
  }
}
