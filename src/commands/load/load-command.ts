/**
 * `escapement load`: how much does this machine carry, and does it keep its promises? Plays many rooms, checks every
 * delivery. Exit code 0 only if every one was right.
 */
import { OperatorError } from '../../errors.ts';
import type { World } from '../../lib/world.ts';
import type { Terminal } from '../command.ts';
import { SAME_SIGNAL_MS } from '../stop.ts';
import { LoadRunner } from './load-runner.ts';
import { type LoadServer, startLoadServer } from './load-server.ts';
import { ownCpuSeconds, type Usage, usageOf, writeText } from './machine.real.ts';
import { type LoadPlan, readPlan } from './options.ts';
import { grouped, isRight, ms, type Outcome, reportJson, reportLines } from './report.ts';
import { Tally } from './tally.ts';

const PROGRESS_MS = 1_000;

/** `open` makes the place where it is played. */
export async function load(
  args: readonly string[],
  terminal: Terminal,
  world: World,
  open: (plan: LoadPlan, world: World) => Promise<LoadServer> = startLoadServer,
): Promise<number> {
  const plan = readPlan(args);
  if (plan.json !== null) writeJson(plan.json, '');
  const stop = stopSignals(terminal, world);
  terminal.out(`Starting a private server for ${grouped(plan.rooms)} rooms; nothing of yours is touched.`);
  const hall = await open(plan, world);
  try {
    if (stop.asked()) throw new OperatorError('load-stopped', {});
    const outcome = await play(plan, hall, terminal, world, stop);
    if (plan.json !== null) writeJson(plan.json, reportJson(outcome));
    terminal.out(reportLines(outcome).join('\n'));
    return isRight(outcome) ? 0 : 1;
  } finally {
    await hall.close();
  }
}

/** The first signal ends the play, a second one everything. */
interface StopSignals {
  asked(): boolean;
  onFirst: () => void;
  readonly second: Promise<never>;
}

function stopSignals(terminal: Terminal, world: World): StopSignals {
  let firstAt: number | null = null;
  const second = Promise.withResolvers<never>();
  // Nobody may be waiting for it yet.
  second.promise.catch(() => {});
  const signals: StopSignals = { asked: () => firstAt !== null, onFirst: () => {}, second: second.promise };
  terminal.onSignal(() => {
    const now = world.clock.mono();
    if (firstAt === null) {
      firstAt = now;
      terminal.err('Stopping early; a second signal breaks it off.');
      signals.onFirst();
    } else if (now - firstAt >= SAME_SIGNAL_MS) second.reject(new OperatorError('load-stopped', {}));
  });
  return signals;
}

async function play(
  plan: LoadPlan,
  hall: LoadServer,
  terminal: Terminal,
  world: World,
  stop: StopSignals,
): Promise<Outcome> {
  const tally = new Tally();
  const crowd = new LoadRunner(plan, hall.seats, tally, world);
  stop.onFirst = () => crowd.stopEarly();
  const watch = watching(plan, crowd, tally, hall, terminal, world);
  const serverEnded = hall.failed.then((message) => {
    throw new OperatorError('load-server-ended', { message });
  });
  try {
    const end = await Promise.race([crowd.run(), serverEnded, stop.second]);
    if (!end.ok) throw new OperatorError('load-not-in', { why: end.why });
    const { playedMs, playedMessages, settled } = end;
    return {
      plan,
      tally,
      players: crowd.players.length,
      playedMs,
      playedMessages,
      settled,
      stoppedEarly: stop.asked(),
      ...watch.costs(),
      folder: { path: hall.folder, inMemory: hall.inMemory },
    };
  } finally {
    watch.end();
    crowd.abandon();
    serverEnded.catch(() => {});
  }
}

interface Look {
  readonly atMs: number;
  readonly own: number;
  readonly server: Usage | null;
}

/** Tells how it goes, a line each second, and watches what it costs while all are in. */
function watching(
  plan: LoadPlan,
  crowd: LoadRunner,
  tally: Tally,
  hall: LoadServer,
  terminal: Terminal,
  world: World,
) {
  const now = (): Look => ({
    atMs: world.clock.mono(),
    own: ownCpuSeconds(),
    server: usageOf(hall.pids),
  });
  const began = now();
  let residentMb = began.server?.residentMb ?? 0;
  let complete: Look | null = null;
  let last = began;
  const look = (): void => {
    const found = now();
    residentMb = Math.max(residentMb, found.server?.residentMb ?? 0);
    if (crowd.phase === 'playing') complete ??= found;
    if (crowd.phase === 'playing' || complete === null) last = found;
  };
  let cancel = world.timers.after(PROGRESS_MS, tell);
  function tell(): void {
    look();
    const seconds = Math.round((world.clock.mono() - began.atMs) / 1_000);
    terminal.progress(progressLine(seconds, crowd, tally, plan));
    tally.second.clear();
    cancel = world.timers.after(PROGRESS_MS, tell);
  }
  return {
    end: () => cancel(),
    costs() {
      look();
      // A play too short to be looked at twice: then of the whole.
      const first = complete === null || complete === last ? began : complete;
      const seconds = Math.max(0.001, (last.atMs - first.atMs) / 1_000);
      const server =
        first.server === null || last.server === null
          ? null
          : { cores: (last.server.cpuSeconds - first.server.cpuSeconds) / seconds, residentMb };
      return { generatorCores: (last.own - first.own) / seconds, server };
    },
  };
}

const PHASES = { coming: 'coming in', playing: 'playing', settling: 'settling', over: 'over' } as const;

/** What matters most stands first: a narrow terminal cuts the end off. */
function progressLine(seconds: number, crowd: LoadRunner, tally: Tally, plan: LoadPlan): string {
  const { second } = tally;
  const speed = second.count === 0 ? '' : `p50 ${ms(second.quantile(0.5))} p99 ${ms(second.quantile(0.99))}`;
  return [
    `${String(seconds).padStart(4)} s ${PHASES[crowd.phase]}`,
    `${grouped(tally.faultCount)} faults`,
    `${grouped(crowd.here)}/${grouped(plan.rooms * plan.players)} players`,
    `${grouped(tally.sent)} sent`,
    `${grouped(tally.delivered)} delivered`,
    speed,
    `${grouped(tally.drops)} drops ${grouped(tally.resumes)} resumes`,
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
