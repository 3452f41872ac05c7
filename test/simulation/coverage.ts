/** What must happen at least once in a full run of the simulation: faults, branches, outcomes. */
import { Close } from '../../sdk/protocol/close-codes.ts';
import { ACTION_NAMES } from './actions.ts';
import { DOWN_NAMES } from './frame-names.ts';
import { BEHAVIOUR_NAMES } from './misbehaving-client.ts';

/** Would be a violation. */
const NEVER: ReadonlySet<number> = new Set([Close.roomBroken.code]);

const CLOSES = Object.values(Close)
  .filter(({ code }) => !NEVER.has(code))
  .map(({ code }) => `close ${code}`);

export const REQUIRED: readonly string[] = [
  ...ACTION_NAMES,
  ...BEHAVIOUR_NAMES,
  ...DOWN_NAMES.map((name) => `down ${name}`),
  ...['hello', 'send', 'signal', 'ping'].map((name) => `up ${name}`),
  ...CLOSES,
  'form: embedded',
  'form: hosts',
  'declined 503',
  // Outcomes of the ports.
  ...['committed', 'fenced', 'refused', 'unknown'].map((outcome) => `append ${outcome}`),
  ...['ok', 'fenced', 'refused'].map((outcome) => `open ${outcome}`),
  // A full disk does not prevent the start of an existing journal.
  ...['in-use', 'unusable'].map((why) => `start refused: journal-${why}`),
  'log hold',
  'log serving',
  'log trimmed',
  'journal stops itself',
  'sweep archived',
  'sweep failed',
  'archive moved by another',
  'database: statement failed',
  'database: reply lost',
  'database: commit unknown',
  'wire: call arrived late',
  'disk: write torn',
  'resend dropped as a repeat',
  'power cut: everything lost',
  'power cut: a part of what is not synced lost',
  'thawed',
  'clock jumps back',
  'clock jumps ahead',
  'backup made',
  'backup restored',
  // Network and pages.
  'network: half-open',
  'network: reset',
  'network: down',
  'network: slow link',
  'network: server stops reading',
  'position none',
  'position resumed',
  'position reset',
  'two pages of one device',
  'outbox taken over',
  'page closed',
  'page reports reconnect numbers',
  'page reports reconnect silent',
  'game finished',
  'room archived',
  'room released',
  'drain ended',
  'control generation: delivered',
  'control seats: delivered',
  'control notice: delivered',
];

/** Too rare to be required of a few hundred runs. */
export const RARE: readonly string[] = ['start refused: journal-disk-full'];

/**
 * Something that happens in a share s of all runs is missed by n runs with a probability of (1 - s)^n,
 * about e^(-s·n); it is required only where that is very small. In 2,400 runs everything REQUIRED happened
 * in 1 of 40 or more (the rarest: a ticket too old, 4201): with 500 runs that is one false alarm in
 * 100,000. What is RARE happened in 1 of 300: 1,000 runs would miss it one time in 30, 10,000 runs
 * practically never; they would miss something that happens in 1 of 1,000 less than once in 20,000 times.
 */
const RUNS_FOR_REQUIRED = 500;
const RUNS_FOR_RARE = 10_000;

/** What this number of runs must not miss. */
export function requiredOf(runs: number): readonly string[] {
  if (runs >= RUNS_FOR_RARE) return [...REQUIRED, ...RARE];
  return runs >= RUNS_FOR_REQUIRED ? REQUIRED : [];
}

/** The names of what never happened. */
export function missing(counts: ReadonlyMap<string, number>, required = REQUIRED): string[] {
  return required.filter((name) => !counts.has(name));
}
