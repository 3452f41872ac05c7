/** The options of `escapement load`. */
import { describe, expect, test } from 'bun:test';
import { OperatorError } from '../../errors.ts';
import { type LoadPlan, readPlan } from './options.ts';

const DEFAULTS: LoadPlan = {
  rooms: 100,
  players: 4,
  rate: 2,
  bytesMin: 135,
  bytesMax: 135,
  spread: 'even',
  rampMs: 3_000,
  playMs: 15_000,
  slow: 0.05,
  dropping: 0.05,
  cursors: 0.2,
  gameProcesses: 1,
  json: null,
  seed: 1,
};

function codeOf(args: readonly string[]): string {
  try {
    readPlan(args);
  } catch (error) {
    if (error instanceof OperatorError) return `${error.code} ${error.exitCode}`;
    throw error;
  }
  return 'taken';
}

test('the defaults are a first run of about 20 seconds', () => {
  expect(readPlan([])).toEqual(DEFAULTS);
});

test('every option is read, with a space or with =', () => {
  const args =
    '--rooms 7 --players=3 --rate 0.5 --size 40-400 --spread bursty --ramp 0 --seconds 2.5 --slow 0.1';
  const more = '--dropping=0.2 --cursors 1 --game-processes 2 --json out.json --seed 9';
  expect(readPlan([...args.split(' '), ...more.split(' ')])).toEqual({
    rooms: 7,
    players: 3,
    rate: 0.5,
    bytesMin: 40,
    bytesMax: 400,
    spread: 'bursty',
    rampMs: 0,
    playMs: 2_500,
    slow: 0.1,
    dropping: 0.2,
    cursors: 1,
    gameProcesses: 2,
    json: 'out.json',
    seed: 9,
  });
});

describe('what is wrong or impossible is refused with a code and exit code 2:', () => {
  test.each([
    ['--rooms 0', 'bad-value 2'],
    ['--rooms 10001', 'bad-value 2'],
    ['--rooms 1.5', 'bad-value 2'],
    ['--players 17', 'bad-value 2'],
    ['--rate 0', 'bad-value 2'],
    ['--rate 1e3', 'bad-value 2'],
    ['--size 8', 'bad-value 2'],
    ['--size 400-40', 'bad-value 2'],
    ['--size 40-50-60', 'bad-value 2'],
    ['--size 5000', 'bad-value 2'],
    ['--spread evenly', 'bad-value 2'],
    ['--ramp -1', 'bad-value 2'],
    ['--seconds 0', 'bad-value 2'],
    ['--slow 2', 'bad-value 2'],
    ['--game-processes 17', 'bad-value 2'],
    ['--seed x', 'bad-value 2'],
    ['--seed', 'flag-without-value 2'],
    ['--json --seed 1', 'flag-without-value 2'],
    ['--rooms 2 --rooms 3', 'flag-twice 2'],
    ['--room 2', 'unknown-flag 2'],
    ['--data-dir data', 'unknown-flag 2'],
    ['fast', 'unexpected-argument 2'],
    ['--rooms 10000 --players 4', 'load-impossible 2'],
    ['--players 1 --rate 30', 'load-impossible 2'],
    ['--rate 40 --seconds 3600', 'load-impossible 2'],
    ['--rate 20 --size 4096 --seconds 600', 'load-impossible 2'],
    ['--slow 0.6 --dropping 0.6', 'load-impossible 2'],
    ['--rooms 1 --game-processes 2', 'load-impossible 2'],
  ])('%s: %s', (args, code) => {
    expect(codeOf(args.split(' '))).toBe(code);
  });
});
