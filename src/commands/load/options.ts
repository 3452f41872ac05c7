/** The options of `escapement load`: names, bounds, and which combinations are possible. */
import { ROOM_LIMITS } from '../../domain/room-limits.ts';
import { OperatorError } from '../../errors.ts';
import { parseFlags } from '../../flags.ts';
import { BODY_BYTES_MIN } from './message.ts';

export interface LoadPlan {
  readonly rooms: number;
  /** Per room. */
  readonly players: number;
  /** Messages per second and room. */
  readonly rate: number;
  readonly bytesMin: number;
  readonly bytesMax: number;
  readonly spread: Spread;
  /** Players connect evenly over this time. */
  readonly rampMs: number;
  /** From when all are connected. */
  readonly playMs: number;
  /** Shares of the players, 0 … 1; no player is both slow and dropping. */
  readonly slow: number;
  readonly dropping: number;
  readonly cursors: number;
  readonly gameProcesses: number;
  readonly json: string | null;
  readonly seed: number;
}

export type Spread = 'even' | 'bursty';

interface LoadOption {
  readonly value: string;
  readonly default: string;
  readonly expects: string;
  readonly help: string;
  /** Returns null if the text is not what is expected. */
  parse(text: string): Partial<LoadPlan> | null;
}

/** Within the sockets that one process may open, and the ports of one client address. */
export const PLAYERS_MAX = 18_000;
const SECONDS_MAX = 3_600;
const { messageRate, roomRate, bodyBytesMax, roomEntriesMax, roomBytesMax } = ROOM_LIMITS;
/** Upper bound of a record without its body. */
const RECORD_BYTES = 40;

function number(text: string, min: number, max: number): number | null {
  const value = /^\d{1,9}(\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? value : null;
}

function count(name: keyof LoadPlan, min: number, max: number) {
  return (text: string): Partial<LoadPlan> | null => {
    const value = number(text, min, max);
    return value === null || !Number.isInteger(value) ? null : { [name]: value };
  };
}

function seconds(name: 'rampMs' | 'playMs', min: number) {
  return (text: string): Partial<LoadPlan> | null => {
    const value = number(text, min, SECONDS_MAX);
    return value === null ? null : { [name]: value * 1_000 };
  };
}

function share(name: 'slow' | 'dropping' | 'cursors') {
  return (text: string): Partial<LoadPlan> | null => {
    const value = number(text, 0, 1);
    return value === null ? null : { [name]: value };
  };
}

const SHARE = 'a share from 0 to 1, like 0.05';

export const LOAD_OPTIONS: { readonly [flag: string]: LoadOption } = {
  '--rooms': {
    value: '<count>',
    default: '100',
    expects: 'a whole number from 1 to 10000',
    help: 'Number of rooms.',
    parse: count('rooms', 1, 10_000),
  },
  '--players': {
    value: '<count>',
    default: '4',
    expects: 'a whole number from 1 to 16',
    help: 'Players per room.',
    parse: count('players', 1, 16),
  },
  '--rate': {
    value: '<messages>',
    default: '2',
    expects: `a number from 0.1 to ${roomRate}`,
    help: 'Messages per second and room; each is delivered to all players of the room.',
    parse(text) {
      const rate = number(text, 0.1, roomRate);
      return rate === null ? null : { rate };
    },
  },
  '--size': {
    value: '<bytes>',
    default: '135',
    expects: `bytes from ${BODY_BYTES_MIN} to ${bodyBytesMax}, like 135, or a range like 40-400`,
    help: 'Size of a message, or the range of sizes.',
    parse(text) {
      const [least = '', most = least, ...more] = text.split('-');
      const bytesMin = number(least, BODY_BYTES_MIN, bodyBytesMax);
      const bytesMax = number(most, BODY_BYTES_MIN, bodyBytesMax);
      if (bytesMin === null || bytesMax === null || more.length > 0 || bytesMin > bytesMax) return null;
      return Number.isInteger(bytesMin) && Number.isInteger(bytesMax) ? { bytesMin, bytesMax } : null;
    },
  },
  '--spread': {
    value: 'even|bursty',
    default: 'even',
    expects: 'even or bursty',
    help: 'even: messages at even intervals. bursty: the messages of a second in its first tenth.',
    parse: (text) => (text === 'even' || text === 'bursty' ? { spread: text } : null),
  },
  '--ramp': {
    value: '<seconds>',
    default: '3',
    expects: `seconds from 0 to ${SECONDS_MAX}`,
    help: 'Players connect evenly over this time; a room plays as soon as it is complete.',
    parse: seconds('rampMs', 0),
  },
  '--seconds': {
    value: '<seconds>',
    default: '15',
    expects: `seconds from 1 to ${SECONDS_MAX}`,
    help: 'How long all play, counted from when the last player is connected.',
    parse: seconds('playMs', 1),
  },
  '--slow': {
    value: '<share>',
    default: '0.05',
    expects: SHARE,
    help: 'Share of the players that read only for a tenth of each second.',
    parse: share('slow'),
  },
  '--dropping': {
    value: '<share>',
    default: '0.05',
    expects: SHARE,
    help: 'Share of the players that cut their connection every 2 to 6 seconds and resume.',
    parse: share('dropping'),
  },
  '--cursors': {
    value: '<share>',
    default: '0.2',
    expects: SHARE,
    help: 'Share of the players that move a cursor ten times a second.',
    parse: share('cursors'),
  },
  '--game-processes': {
    value: '<count>',
    default: '1',
    expects: 'a whole number from 1 to 16',
    help: 'Processes that serve the rooms.',
    parse: count('gameProcesses', 1, 16),
  },
  '--json': {
    value: '<file>',
    default: '',
    expects: 'a file',
    help: 'Also write all results to this file, as JSON.',
    parse: (text) => ({ json: text === '' ? null : text }),
  },
  '--seed': {
    value: '<number>',
    default: '1',
    expects: 'a whole number from 0 to 999999999',
    help: 'Seed of all random choices (which players are slow, sizes, contents).',
    parse: count('seed', 0, 999_999_999),
  },
};

/** Throws an OperatorError that names the invalid value and what is expected. */
export function readPlan(args: readonly string[]): LoadPlan {
  const { values, positionals } = parseFlags(args, LOAD_OPTIONS);
  const [argument] = positionals;
  if (argument !== undefined) throw new OperatorError('unexpected-argument', { command: 'load', argument });
  const parts = Object.entries(LOAD_OPTIONS).map(([flag, option]) => {
    const value = values.get(flag) ?? option.default;
    const part = option.parse(value);
    if (part === null) throw new OperatorError('bad-value', { source: flag, value, expects: option.expects });
    return part;
  });
  // Each option sets its fields of the plan; a test checks that no field is missing.
  const plan = Object.assign({}, ...parts) as LoadPlan;
  const why = whyImpossible(plan);
  if (why !== null) throw new OperatorError('load-impossible', { why });
  return plan;
}

/** Returns why the plan is not possible: a room would have to refuse messages, for example. null = possible. */
function whyImpossible(plan: LoadPlan): string | null {
  const { rooms, players, rate, bytesMax, rampMs, playMs, slow, dropping, gameProcesses } = plan;
  if (rooms * players > PLAYERS_MAX) {
    return `${rooms} rooms of ${players} players are more than the ${PLAYERS_MAX} players of one run: choose fewer --rooms or --players`;
  }
  if (rate > players * messageRate) {
    return `a player may send ${messageRate} messages a second, so ${players} cannot send ${rate}: choose a lower --rate or more --players`;
  }
  const messages = (rate * (rampMs + playMs)) / 1_000;
  if (messages > roomEntriesMax / 2 || messages * (bytesMax + RECORD_BYTES) > roomBytesMax / 2) {
    return `${Math.round(messages)} messages of up to ${bytesMax} bytes come too near to the limits of a room: choose a lower --rate or --size, or fewer --seconds`;
  }
  if (slow + dropping > 1)
    return 'no player is both slow and dropping: the two shares are at most 1 together';
  if (gameProcesses > rooms) return 'there are more --game-processes than --rooms';
  return null;
}

/** For `escapement help`. */
export function describeLoadOptions(): readonly string[] {
  return Object.entries(LOAD_OPTIONS).map(
    ([flag, { value, help, default: fallback, expects }]) =>
      `  ${flag} ${value}\n      ${help} Default: ${fallback || 'none'}; ${expects}.`,
  );
}
