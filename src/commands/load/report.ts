/** The report of a load: for people a histogram, the checks and a sentence; for programs JSON. */
import { closeAction } from '../../../sdk/protocol/close-codes.ts';
import { PENDING_MAX } from './checker.ts';
import type { Latencies } from './latencies.ts';
import type { LoadPlan } from './options.ts';
import { type Fault, FAULTS, sum, type Counters } from './counters.ts';

export interface Outcome {
  readonly plan: LoadPlan;
  readonly counters: Counters;
  readonly players: number;
  /** As in `LoadEnd`. */
  readonly playedMs: number;
  readonly playedMessages: number;
  /** Everything arrived within the time allowed. */
  readonly settled: boolean;
  readonly stoppedEarly: boolean;
  /** null where the system does not report it. */
  readonly server: { readonly cores: number; readonly residentMb: number } | null;
  readonly generatorCores: number;
  readonly folder: { readonly path: string; readonly inMemory: boolean };
}

const EDGES_MS = [0, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000];
const QUANTILES = [0.5, 0.9, 0.99, 0.999];
const BAR_WIDTH = 40;
const CHECK_WIDTH = 34;
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
/** The load generator has one thread; from this usage on it is the bottleneck. */
const BUSY_CORES = 0.85;
const LAG_MS = 3;
/** The lag is reported from this share of the measured latency on. */
const LAG_SHARE = 0.25;

const FAULT_NAMES: { readonly [K in Fault]: string } = {
  missing: 'missing',
  twice: 'twice',
  outOfOrder: 'out of order',
  different: 'different between players',
  changed: 'changed on the way',
  unknown: 'not sent by anybody, or unreadable',
  resets: 'positions not accepted',
};

/** Everything that was sent arrived correctly, and something was sent. */
export function isCorrect({ counters }: Outcome): boolean {
  return (
    counters.faultCount === 0 &&
    counters.gaveUp === 0 &&
    sum(counters.refused) === 0 &&
    counters.delivered > 0
  );
}

/** Returns a sentence if the load generator influenced the results, else null. */
export function bottleneck({ counters, generatorCores }: Outcome): string | null {
  const lag = counters.lag.quantile(0.99);
  if (generatorCores >= BUSY_CORES) {
    return `The load generator itself was the limit: its one process used ${generatorCores.toFixed(2)} of a core and was up to ${ms(lag)} late (99 of 100). The latencies include that, and the server may be able to do more.`;
  }
  const measured = counters.regular.count > 0 ? counters.regular : counters.late;
  if (lag <= LAG_MS || lag <= measured.quantile(0.99) * LAG_SHARE) return null;
  return `Part of these latencies is the load generator's own: it sent up to ${ms(lag)} late (99 of 100), and reads equally late. This machine is busy or at its limit; the server alone is faster.`;
}

export function reportLines(outcome: Outcome): readonly string[] {
  const { counters, plan, players, server, generatorCores, folder } = outcome;
  const rate = (outcome.playedMessages / Math.max(1, outcome.playedMs)) * 1_000;
  const usage =
    server === null
      ? 'unknown on this system'
      : `${server.cores.toFixed(2)} of a core, ${server.residentMb.toFixed(0)} MB resident`;
  const limit = bottleneck(outcome);
  return [
    '',
    `${grouped(plan.rooms)} rooms, ${grouped(players)} players, seed ${plan.seed}: ${grouped(counters.sent)} messages (${grouped(rate)}/s), ${grouped(counters.delivered)} deliveries (${grouped(rate * plan.players)}/s)`,
    '',
    'Latency from sending to receiving, once all players were connected, without slow readers and drops:',
    ...histogram(counters.regular),
    `  ${quantileText(counters.regular)}`,
    ...(counters.late.count > 0
      ? [
          `  not included: ${grouped(counters.late.count)} to slow readers, around a drop, or while players connected; ${quantileText(counters.late)}`,
        ]
      : []),
    '',
    'Checks',
    ...FAULTS.map((fault) => `  ${FAULT_NAMES[fault].padEnd(CHECK_WIDTH)}${grouped(counters.faults[fault])}`),
    `  ${'refused'.padEnd(CHECK_WIDTH)}${codes(counters.refused)}`,
    `  ${'closed by the server, by code'.padEnd(CHECK_WIDTH)}${codes(counters.closed)}`,
    `  ${'players that gave up'.padEnd(CHECK_WIDTH)}${grouped(counters.gaveUp)}`,
    '',
    'Disturbances',
    `  ${grouped(counters.drops)} connections cut, ${grouped(counters.resumes)} resumed, ${grouped(counters.resent)} messages resent`,
    `  ${grouped(counters.declined)} connections declined with 503 and retried; "hold" received ${grouped(counters.holds)} times`,
    `  ${grouped(counters.cursorsSent)} cursor moves sent, ${grouped(counters.cursorsSeen)} frames of cursors received`,
    '',
    `Server         ${usage}, ${plan.gameProcesses} process${plan.gameProcesses > 1 ? 'es' : ''}`,
    `Load generator ${generatorCores.toFixed(2)} of a core, messages sent up to ${ms(counters.lag.quantile(0.99))} late (99 of 100)`,
    '',
    ...(folder.inMemory
      ? [
          `The data was in ${folder.path}, which is in memory, so no disk was measured. Set TMPDIR to a folder on the disk to measure.`,
        ]
      : []),
    ...(counters.notSent > 0
      ? [
          `${grouped(counters.notSent)} messages were not sent, because ${PENDING_MAX} of their sender had no echo yet: the load is more than this server can do.`,
        ]
      : []),
    ...(limit === null ? [] : [limit]),
    sentence(outcome),
  ];
}

/** The result in one sentence. */
export function sentence(outcome: Outcome): string {
  const { counters, plan, settled, stoppedEarly } = outcome;
  const rooms = `${grouped(plan.rooms)} room${plan.rooms > 1 ? 's' : ''}${stoppedEarly ? ', stopped early' : ''}`;
  if (isCorrect(outcome)) {
    const { regular } = counters;
    const speed =
      regular.count === 0
        ? ''
        : `; half of them within ${ms(regular.quantile(0.5))}, 99 of 100 within ${ms(regular.quantile(0.99))}`;
    return `${rooms}: every message arrived once and in order${speed}.`;
  }
  if (counters.delivered === 0) return `${rooms}: nothing was delivered, so there is no result.`;
  const found = FAULTS.filter((fault) => counters.faults[fault] > 0).map(
    (fault) => `${grouped(counters.faults[fault])} ${FAULT_NAMES[fault]}`,
  );
  if (sum(counters.refused) > 0) found.push(`${grouped(sum(counters.refused))} messages refused`);
  if (counters.gaveUp > 0) found.push(`${grouped(counters.gaveUp)} players gave up`);
  const late = settled ? '' : ', some of it perhaps only late';
  const first = counters.firstFault === null ? '' : ` The first: ${counters.firstFault}.`;
  return `${rooms}: NOT every message arrived correctly: ${found.join(', ')}${late}.${first}`;
}

function histogram(latencies: Latencies): readonly string[] {
  const counts = latencies.between(EDGES_MS);
  const most = Math.max(1, ...counts);
  const first = counts.findIndex((count) => count > 0);
  const last = counts.findLastIndex((count) => count > 0);
  return counts.flatMap((count, at) => {
    if (at < first || at > last) return [];
    const to = EDGES_MS[at + 1];
    const range = to === undefined ? `over ${ms(EDGES_MS[at] ?? 0)}` : `to ${ms(to)}`;
    const share = `${((count / latencies.count) * 100).toFixed(2)} %`;
    return [`  ${range.padStart(12)} ${share.padStart(9)}  ${bar(count / most)}`];
  });
}

/** A bar of `share` of the full width, in eighths of a character; at least one eighth if the share is above 0. */
function bar(share: number): string {
  const eighths = Math.max(share > 0 ? 1 : 0, Math.round(share * BAR_WIDTH * 8));
  return '█'.repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? '');
}

function quantileText(latencies: Latencies): string {
  if (latencies.count === 0) return 'none';
  const parts = QUANTILES.map((share) => `p${share * 100} ${ms(latencies.quantile(share))}`);
  return [...parts, `max ${ms(latencies.max)}`].join('  ');
}

function codes(counts: ReadonlyMap<number, number>): string {
  if (counts.size === 0) return '0';
  return [...counts]
    .toSorted(([a], [b]) => a - b)
    .map(([code, count]) => `${code}: ${grouped(count)}`)
    .join(', ');
}

export function ms(value: number): string {
  if (value >= 1_000) return `${(value / 1_000).toFixed(value < 10_000 ? 1 : 0)} s`;
  return `${value < 10 ? Number(value.toFixed(1)) : Math.round(value)} ms`;
}

/** With separators: 12,345. */
export function grouped(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** The content of the `--json` file; latencies in ms. `format` changes when a field changes its meaning. */
export function reportJson(outcome: Outcome): string {
  const { plan, counters, ...rest } = outcome;
  const latency = (latencies: Latencies) => ({
    count: latencies.count,
    ...Object.fromEntries(
      QUANTILES.map((share) => [`p${String(share * 100).replace('.', '')}`, latencies.quantile(share)]),
    ),
    max: latencies.max,
    histogram: latencies.between(EDGES_MS).map((count, at) => ({ aboveMs: EDGES_MS[at], count })),
  });
  const report = {
    format: 1,
    right: isCorrect(outcome),
    sentence: sentence(outcome),
    bottleneck: bottleneck(outcome),
    plan,
    ...rest,
    sent: counters.sent,
    delivered: counters.delivered,
    heldBack: counters.notSent,
    faults: counters.faults,
    firstFault: counters.firstFault,
    refused: Object.fromEntries(counters.refused),
    closed: Object.fromEntries(counters.closed),
    closedForGood: [...counters.closed.keys()].filter((code) => closeAction(code) === 'stop'),
    out: counters.gaveUp,
    declined: counters.declined,
    drops: counters.drops,
    resumes: counters.resumes,
    resent: counters.resent,
    holds: counters.holds,
    expects: counters.expects,
    cursors: { sent: counters.cursorsSent, frames: counters.cursorsSeen },
    prompt: latency(counters.regular),
    late: latency(counters.late),
    generatorLag: latency(counters.lag),
  };
  return `${JSON.stringify(report, null, 2)}\n`;
}
