/** Loading the options. */
import { expect, test } from 'bun:test';
import { resolve } from 'node:path';
import { environmentOf, loadConfig } from './config.load.ts';
import { OPTIONS } from './config.ts';
import { OperatorError } from './errors.ts';

const settings = (args: readonly string[], env = {}) => loadConfig(args, env).settings;

function codeOf(args: readonly string[], env: { [name: string]: string } = {}): string {
  try {
    loadConfig(args, env);
  } catch (error) {
    if (error instanceof OperatorError) return error.code;
    throw error;
  }
  return 'none';
}

test('a flag has precedence over the environment, which has precedence over the default', () => {
  expect(settings([]).port).toBe(8080);
  expect(settings([], { PORT: '9000' }).port).toBe(9000);
  expect(settings(['--port', '9001'], { PORT: '9000' }).port).toBe(9001);
  expect(loadConfig(['--port', '9001'], {}).inForce[0]).toEqual({
    name: 'port',
    text: '9001',
    from: '--port',
  });
});

test('an empty variable counts as not set', () => {
  expect(settings([], { PORT: '', ESCAPEMENT_URL: '' }).port).toBe(8080);
});

test('a switch needs no value, so a service may follow it', () => {
  const { settings: read, positionals } = loadConfig(['web', '--lan', 'game', '--demo=off'], {});
  expect(read.lan).toBe(true);
  expect(read.demo).toBe(false);
  expect(positionals).toEqual(['web', 'game']);
});

test('folders are absolute, addresses end without a slash', () => {
  expect(settings([]).dataDir).toBe(resolve('data'));
  expect(settings(['--url=https://play.example.org/']).url).toBe('https://play.example.org');
});

test('every default is valid, and no two options share a flag or a variable', () => {
  expect(codeOf([])).toBe('none');
  const all = Object.values(OPTIONS);
  expect(new Set(all.map(({ env }) => env)).size).toBe(all.length);
  const flags = all.flatMap((one) => ('flag' in one ? [one.flag] : []));
  expect(new Set(flags).size).toBe(flags.length);
});

test.each([
  ['unknown-flag', ['--prot', '1'], {}],
  ['unknown-flag', ['-p', '1'], {}],
  ['unknown-flag', ['--smtp', 'smtp://x'], {}],
  ['flag-twice', ['--lan', '--lan'], {}],
  ['flag-without-value', ['--port'], {}],
  ['flag-without-value', ['--port='], {}],
  ['flag-without-value', ['--port', '--lan'], {}],
  ['bad-value', ['--port', '1e3'], {}],
  ['bad-value', ['--port', '65536'], {}],
  ['bad-value', ['--url', 'ftp://example.org'], {}],
  ['bad-value', ['--url', 'https://example.org/path'], {}],
  ['bad-value', ['--slot', 'host'], {}],
  ['bad-value', ['--game-processes', '17'], {}],
  ['bad-value', [], { ESCAPEMENT_LAN: 'yes' }],
  ['unknown-variable', [], { ESCAPEMENT_DATADIR: '/data' }],
] as const)('%s: %p %p', (code, args, env) => {
  expect(codeOf(args, env)).toBe(code);
});

test('the sentence guesses what was meant', () => {
  expect(() => loadConfig(['--data', 'x'], {})).toThrow('--data-dir');
  expect(() => loadConfig([], { ESCAPEMENT_DATADIR: 'x' })).toThrow('did you mean ESCAPEMENT_DATA_DIR');
});

test('a secret that is not valid is not printed', () => {
  expect(() => loadConfig([], { ESCAPEMENT_SMTP: 'hunter2' })).not.toThrow('hunter2');
  expect(codeOf([], { ESCAPEMENT_SMTP: 'hunter2' })).toBe('bad-value');
});

test('another process loads the same settings from the environment made of them', () => {
  const flags = ['--port', '0', '--lan', '--data-dir', 'x', '--url', 'https://play.example.org'];
  const chosen = settings([...flags, '--game-processes', '3'], { ESCAPEMENT_DATABASE: 'postgres://a:b@c/d' });
  expect(settings([], environmentOf(chosen))).toEqual(chosen);
  expect(settings([], environmentOf(settings([])))).toEqual(settings([]));
});
