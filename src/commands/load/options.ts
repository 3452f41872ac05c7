/** The options of `escapement load`: what they are called, their bounds, and what they mean together. */
import { nearest } from '../../config.load.ts';
import { ROOM_LIMITS } from '../../domain/room-limits.ts';
import { OperatorError } from '../../errors.ts';
import { BODY_BYTES_MIN } from './message.ts';

export interface LoadPlan {
  readonly rooms: number;
  /** Of each room. */
  readonly players: number;
  /** Messages per second of each room. */
  readonly rate: number;
  readonly bytesMin: number;
  readonly bytesMax: number;
  readonly spread: Spread;
  /** Players come in over so long. */
  readonly rampMs: number;
  /** From when all are in. */
  readonly playMs: number;
  /** Shares of the players, 0 … 1; nobody is both slow and dropping. */
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
  /** null = not what is expected. */
  read(text: string): Partial<LoadPlan> | null;
}

/** One process opens so many sockets, and one address has ports for them. */
export const PLAYERS_MAX = 18_000;
const SECONDS_MAX = 3_600;
const { messageRate, roomRate, bodyBytesMax, roomEntriesMax, roomBytesMax } = ROOM_LIMITS;
/** Of each message in a record, at most, beside the body; and of entries beside messages. */
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
    help: 'Rooms at play.',
    read: count('rooms', 1, 10_000),
  },
  '--players': {
    value: '<count>',
    default: '4',
    expects: 'a whole number from 1 to 16',
    help: 'Players of each room.',
    read: count('players', 1, 16),
  },
  '--rate': {
    value: '<messages>',
    default: '2',
    expects: `a number from 0.1 to ${roomRate}`,
    help: 'Messages per second of each room; each goes to all its players.',
    read(text) {
      const rate = number(text, 0.1, roomRate);
      return rate === null ? null : { rate };
    },
  },
  '--size': {
    value: '<bytes>',
    default: '135',
    expects: `bytes from ${BODY_BYTES_MIN} to ${bodyBytesMax}, like 135, or a range like 40-400`,
    help: 'How long a message is, or between which sizes.',
    read(text) {
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
    help: 'even: messages come at even distances. bursty: those of a second come in its first tenth.',
    read: (text) => (text === 'even' || text === 'bursty' ? { spread: text } : null),
  },
  '--ramp': {
    value: '<seconds>',
    default: '3',
    expects: `seconds from 0 to ${SECONDS_MAX}`,
    help: 'Players come in evenly over this time; a room plays as soon as it is complete.',
    read: seconds('rampMs', 0),
  },
  '--seconds': {
    value: '<seconds>',
    default: '15',
    expects: `seconds from 1 to ${SECONDS_MAX}`,
    help: 'How long all play, from when the last one is in.',
    read: seconds('playMs', 1),
  },
  '--slow': {
    value: '<share>',
    default: '0.05',
    expects: SHARE,
    help: 'Share of the players that read slowly: a tenth of a second in each second.',
    read: share('slow'),
  },
  '--dropping': {
    value: '<share>',
    default: '0.05',
    expects: SHARE,
    help: 'Share of the players that lose their connection every 2 to 6 seconds and resume.',
    read: share('dropping'),
  },
  '--cursors': {
    value: '<share>',
    default: '0.2',
    expects: SHARE,
    help: 'Share of the players that move a cursor ten times a second.',
    read: share('cursors'),
  },
  '--game-processes': {
    value: '<count>',
    default: '1',
    expects: 'a whole number from 1 to 16',
    help: 'Processes that serve the rooms.',
    read: count('gameProcesses', 1, 16),
  },
  '--json': {
    value: '<file>',
    default: '',
    expects: 'a file',
    help: 'Also write everything that was measured to this file, as JSON.',
    read: (text) => ({ json: text === '' ? null : text }),
  },
  '--seed': {
    value: '<number>',
    default: '1',
    expects: 'a whole number from 0 to 999999999',
    help: 'All choices (who is slow, sizes, contents) come from it: the same seed, the same choices.',
    read: count('seed', 0, 999_999_999),
  },
};

/** Throws an OperatorError that names what is wrong and what would be right. */
export function readPlan(args: readonly string[]): LoadPlan {
  const given = new Map<string, string>();
  for (let at = 0; at < args.length; at++) {
    const [flag = '', ...after] = (args[at] ?? '').split('=');
    if (!flag.startsWith('-')) {
      throw new OperatorError('unexpected-argument', { command: 'load', argument: flag });
    }
    const option = LOAD_OPTIONS[flag];
    if (!option) {
      throw new OperatorError('unknown-flag', { flag, guess: nearest(flag, Object.keys(LOAD_OPTIONS)) });
    }
    if (given.has(flag)) throw new OperatorError('flag-twice', { flag });
    const value = after.length > 0 ? after.join('=') : args[++at];
    if (!value || value.startsWith('--')) {
      throw new OperatorError('flag-without-value', { flag, expects: option.expects });
    }
    given.set(flag, value);
  }
  const parts = Object.entries(LOAD_OPTIONS).map(([flag, option]) => {
    const value = given.get(flag) ?? option.default;
    const part = option.read(value);
    if (part === null) throw new OperatorError('bad-value', { source: flag, value, expects: option.expects });
    return part;
  });
  // Every option answers its part of the plan; there is a test that no part is missing.
  const plan = Object.assign({}, ...parts) as LoadPlan;
  const why = whyNot(plan);
  if (why !== null) throw new OperatorError('load-impossible', { why });
  return plan;
}

/** What cannot be together: a room must not have to refuse anything. */
function whyNot(plan: LoadPlan): string | null {
  const { rooms, players, rate, bytesMax, rampMs, playMs, slow, dropping, gameProcesses } = plan;
  if (rooms * players > PLAYERS_MAX) {
    return `${rooms} rooms of ${players} players are more than the ${PLAYERS_MAX} players of one run: choose fewer --rooms or --players`;
  }
  if (rate > players * messageRate) {
    return `a player may send ${messageRate} messages a second, so ${players} cannot send ${rate}: choose a lower --rate or more --players`;
  }
  const messages = (rate * (rampMs + playMs)) / 1_000;
  if (messages > roomEntriesMax / 2 || messages * (bytesMax + RECORD_BYTES) > roomBytesMax / 2) {
    return `${Math.round(messages)} messages of up to ${bytesMax} bytes come too near to what a room may hold: choose a lower --rate or --size, or fewer --seconds`;
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
