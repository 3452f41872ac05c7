/** What a load ends with: for people a histogram, the checks and a sentence; for programs JSON. */
import { closeVerdict } from '../../../sdk/protocol/close-codes.ts';
import { UNSEEN_MAX } from './checker.ts';
import type { Latencies } from './latencies.ts';
import type { LoadPlan } from './options.ts';
import { type Fault, FAULTS, sum, type Tally } from './tally.ts';

export interface Outcome {
  readonly plan: LoadPlan;
  readonly tally: Tally;
  readonly players: number;
  /** From when all were in until the last message, and the messages of that time. */
  readonly playedMs: number;
  readonly playedMessages: number;
  /** Everything arrived within the time for that. */
  readonly settled: boolean;
  readonly stoppedEarly: boolean;
  /** null where the system does not tell. */
  readonly server: { readonly cores: number; readonly residentMb: number } | null;
  readonly generatorCores: number;
  readonly folder: { readonly path: string; readonly inMemory: boolean };
}

const EDGES_MS = [0, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000];
const QUANTILES = [0.5, 0.9, 0.99, 0.999];
const BAR_WIDTH = 40;
const CHECK_WIDTH = 34;
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
/** The generator is one thread: from here on it is what is measured. */
const BUSY_CORES = 0.85;
const LAG_MS = 3;
/** A lag that is this part of what was measured is no detail. */
const LAG_SHARE = 0.25;

const WORDS: { readonly [K in Fault]: string } = {
  missing: 'missing',
  twice: 'twice',
  outOfOrder: 'out of order',
  different: 'different between players',
  changed: 'changed on the way',
  unknown: 'that nobody sent or can read',
  resets: 'positions lost',
};

/** Everything that was sent arrived as it must, and somebody played. */
export function isRight({ tally }: Outcome): boolean {
  return tally.faultCount === 0 && tally.out === 0 && sum(tally.refused) === 0 && tally.delivered > 0;
}

/** A sentence when what was measured is also, or rather, the generator; null when it is the server. */
export function bottleneck({ tally, generatorCores }: Outcome): string | null {
  const lag = tally.lag.quantile(0.99);
  if (generatorCores >= BUSY_CORES) {
    return `The load generator itself was the limit: one process, it used ${generatorCores.toFixed(2)} of a core and was up to ${ms(lag)} late (99 of 100). The latencies include that, and the server may carry more.`;
  }
  const measured = tally.prompt.count > 0 ? tally.prompt : tally.late;
  if (lag <= LAG_MS || lag <= measured.quantile(0.99) * LAG_SHARE) return null;
  return `Part of these latencies is the load generator's own: it was up to ${ms(lag)} late in sending (99 of 100), and reads as late. This machine does much else, or is at its limit; the server alone is faster.`;
}

export function reportLines(outcome: Outcome): readonly string[] {
  const { tally, plan, players, server, generatorCores, folder } = outcome;
  const rate = (outcome.playedMessages / Math.max(1, outcome.playedMs)) * 1_000;
  const costs =
    server === null
      ? 'not known on this system'
      : `${server.cores.toFixed(2)} of a core, ${server.residentMb.toFixed(0)} MB resident`;
  const narrow = bottleneck(outcome);
  return [
    '',
    `${grouped(plan.rooms)} rooms, ${grouped(players)} players, seed ${plan.seed}: ${grouped(tally.sent)} messages (${grouped(rate)}/s), ${grouped(tally.delivered)} deliveries (${grouped(rate * plan.players)}/s)`,
    '',
    'From sending to receiving, once all were in, of players that read and were there:',
    ...histogram(tally.prompt),
    `  ${quantileWords(tally.prompt)}`,
    ...(tally.late.count > 0
      ? [
          `  not among them: ${grouped(tally.late.count)} to slow readers, around a drop, or while players came in; ${quantileWords(tally.late)}`,
        ]
      : []),
    '',
    'Checks',
    ...FAULTS.map((fault) => `  ${WORDS[fault].padEnd(CHECK_WIDTH)}${grouped(tally.faults[fault])}`),
    `  ${'refused'.padEnd(CHECK_WIDTH)}${codes(tally.refused)}`,
    `  ${'closed by the server, by code'.padEnd(CHECK_WIDTH)}${codes(tally.closed)}`,
    `  ${'players that may not come back'.padEnd(CHECK_WIDTH)}${grouped(tally.out)}`,
    '',
    'Troubles played',
    `  ${grouped(tally.drops)} connections cut, ${grouped(tally.resumes)} resumed, ${grouped(tally.resent)} messages sent again`,
    `  ${grouped(tally.declined)} connections declined with 503 and tried again; rooms on hold ${grouped(tally.holds)} times`,
    `  ${grouped(tally.cursorsSent)} cursor moves, ${grouped(tally.cursorsSeen)} frames of them received`,
    '',
    `Server         ${costs}, ${plan.gameProcesses} process${plan.gameProcesses > 1 ? 'es' : ''}`,
    `Load generator ${generatorCores.toFixed(2)} of a core, messages sent up to ${ms(tally.lag.quantile(0.99))} late (99 of 100)`,
    '',
    ...(folder.inMemory
      ? [
          `The data lay in ${folder.path}, which is in memory: what a disk costs is not in these figures. Set TMPDIR to a folder on the disk that is meant.`,
        ]
      : []),
    ...(tally.heldBack > 0
      ? [
          `${grouped(tally.heldBack)} messages were not sent, because ${UNSEEN_MAX} of their sender's were still without echo: more than this server carries.`,
        ]
      : []),
    ...(narrow === null ? [] : [narrow]),
    sentence(outcome),
  ];
}

/** What a person takes along. */
export function sentence(outcome: Outcome): string {
  const { tally, plan, settled, stoppedEarly } = outcome;
  const rooms = `${grouped(plan.rooms)} room${plan.rooms > 1 ? 's' : ''}${stoppedEarly ? ', stopped early' : ''}`;
  if (isRight(outcome)) {
    const { prompt } = tally;
    const speed =
      prompt.count === 0
        ? ''
        : `; half of them within ${ms(prompt.quantile(0.5))}, 99 of 100 within ${ms(prompt.quantile(0.99))}`;
    return `${rooms}: every message arrived once and in order${speed}.`;
  }
  if (tally.delivered === 0) return `${rooms}: nothing was delivered, so nothing is known.`;
  const found = FAULTS.filter((fault) => tally.faults[fault] > 0).map(
    (fault) => `${grouped(tally.faults[fault])} ${WORDS[fault]}`,
  );
  if (sum(tally.refused) > 0) found.push(`${grouped(sum(tally.refused))} messages refused`);
  if (tally.out > 0) found.push(`${grouped(tally.out)} players shut out`);
  const late = settled ? '' : ', some perhaps only late';
  const first = tally.firstFault === null ? '' : ` The first: ${tally.firstFault}.`;
  return `${rooms}: NOT every message arrived as it must: ${found.join(', ')}${late}.${first}`;
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

/** `share` of the full width, to an eighth of a character; something is never nothing. */
function bar(share: number): string {
  const eighths = Math.max(share > 0 ? 1 : 0, Math.round(share * BAR_WIDTH * 8));
  return '█'.repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? '');
}

function quantileWords(latencies: Latencies): string {
  if (latencies.count === 0) return 'there were none';
  const parts = QUANTILES.map((share) => `p${share * 100} ${ms(latencies.quantile(share))}`);
  return [...parts, `most ${ms(latencies.max)}`].join('  ');
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

/** 12,345 */
export function grouped(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** For `--json`; latencies in ms, `format` changes when a field changes its meaning. */
export function reportJson(outcome: Outcome): string {
  const { plan, tally, ...rest } = outcome;
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
    right: isRight(outcome),
    sentence: sentence(outcome),
    bottleneck: bottleneck(outcome),
    plan,
    ...rest,
    sent: tally.sent,
    delivered: tally.delivered,
    heldBack: tally.heldBack,
    faults: tally.faults,
    firstFault: tally.firstFault,
    refused: Object.fromEntries(tally.refused),
    closed: Object.fromEntries(tally.closed),
    closedForGood: [...tally.closed.keys()].filter((code) => closeVerdict(code) === 'stop'),
    out: tally.out,
    declined: tally.declined,
    drops: tally.drops,
    resumes: tally.resumes,
    resent: tally.resent,
    holds: tally.holds,
    expects: tally.expects,
    cursors: { sent: tally.cursorsSent, frames: tally.cursorsSeen },
    prompt: latency(tally.prompt),
    late: latency(tally.late),
    generatorLag: latency(tally.lag),
  };
  return `${JSON.stringify(report, null, 2)}\n`;
}
