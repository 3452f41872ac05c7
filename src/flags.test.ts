/** Parsing of arguments. */
import { describe, expect, test } from 'bun:test';
import { OperatorError } from './errors.ts';
import { type Flags, nearest, parseFlags } from './flags.ts';

const FLAGS: Flags = {
  '--port': { expects: 'a number' },
  '--lan': { isSwitch: true, expects: 'on or off' },
  '--out': { expects: null },
};

function parsed(args: string) {
  const { values, positionals } = parseFlags(args.split(' '), FLAGS);
  return { values: Object.fromEntries(values), positionals };
}

test('values follow with a space or with =, switches need none, positionals keep their order', () => {
  expect(parsed('web --port 1 --lan game --out=a=b')).toEqual({
    values: { '--port': '1', '--lan': 'on', '--out': 'a=b' },
    positionals: ['web', 'game'],
  });
  expect(parsed('--lan=off --port -1').values).toEqual({ '--lan': 'off', '--port': '-1' });
});

test('a missing value that the caller reports is an empty one', () => {
  expect(parsed('--out').values).toEqual({ '--out': '' });
  expect(parsed('--out --lan').values).toEqual({ '--out': '' });
});

describe('what is wrong has a code and names the flag as written:', () => {
  test.each([
    ['--prot 1', 'unknown-flag', '--prot'],
    ['--prot=1', 'unknown-flag', '--prot'],
    ['-p 1', 'unknown-flag', '-p'],
    ['-abc', 'unknown-flag', '-abc'],
    ['-', 'unknown-flag', '-'],
    ['--', 'unknown-flag', '--'],
    ['--no-lan', 'unknown-flag', '--no-lan'],
    ['--constructor', 'unknown-flag', '--constructor'],
    ['--port 1 --port=2', 'flag-twice', '--port'],
    ['--lan --lan', 'flag-twice', '--lan'],
    ['--port', 'flag-without-value', '--port'],
    ['--port=', 'flag-without-value', '--port'],
    ['--port --lan', 'flag-without-value', '--port'],
    ['--lan=', 'flag-without-value', '--lan'],
  ])('%s: %s', (args, code, flag) => {
    let thrown: unknown;
    try {
      parsed(args);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(OperatorError);
    expect(thrown).toMatchObject({ code });
    expect(String(thrown)).toMatch(new RegExp(` ${flag}[; ]`));
  });
});

test('the guess begins like the word, else it has the fewest changes', () => {
  const flags = ['--data-dir', '--port', '--lan'];
  expect([nearest('--data', flags), nearest('--prot', flags)]).toEqual(['--data-dir', '--port']);
});
