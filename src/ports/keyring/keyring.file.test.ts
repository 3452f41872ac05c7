/** The key file. */
import { afterAll, expect, test } from 'bun:test';
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type KeyringOutcome, openKeyring } from './keyring.file.ts';
import { realWorld } from '../../lib/world.real.ts';

const parent = mkdtempSync(join(tmpdir(), 'escapement-keys-'));
afterAll(() => rmSync(parent, { recursive: true, force: true }));

const emptyFolder = () => mkdtempSync(join(parent, 'data-'));
const open = (folder: string) => openKeyring(folder, realWorld.random.bytes);

function keysOf(outcome: KeyringOutcome) {
  if (!outcome.ok) throw new Error(outcome.why);
  return outcome.keys;
}

test('every later start reads the keys that the first one created', () => {
  const folder = emptyFolder();
  const made = keysOf(open(folder));
  expect(made.seal).toHaveLength(32);
  expect(made.testProvider).toHaveLength(32);
  expect(made.control).toHaveLength(32);
  expect(made.control).not.toEqual(made.seal);
  expect(made.pass.keys[made.pass.current]).toHaveLength(32);
  expect(keysOf(open(folder))).toEqual(made);
  expect(readdirSync(folder)).toEqual(['keys.json']);
});

test('two installations have different keys', () => {
  const [a, b] = [keysOf(open(emptyFolder())), keysOf(open(emptyFolder()))];
  expect(a.admin).not.toBe(b.admin);
  expect(a.seal).not.toEqual(b.seal);
});

test('only the owner can read the file, also after its mode was changed', () => {
  const folder = emptyFolder();
  open(folder);
  const file = join(folder, 'keys.json');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  chmodSync(file, 0o644);
  open(folder);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('a damaged file is refused and not changed, and the message contains no secret', () => {
  const folder = emptyFolder();
  const { admin } = keysOf(open(folder));
  const file = join(folder, 'keys.json');
  const whole = readFileSync(file, 'utf8');
  for (const damaged of [
    '',
    whole.slice(0, -9),
    whole.replace(/"seal": ".{8}/, '"seal": "'),
    '{"format":2}',
  ]) {
    writeFileSync(file, damaged);
    const outcome = open(folder);
    expect(outcome.ok).toBe(false);
    if (!outcome.ok) expect(outcome.why).not.toContain(admin);
    expect(readFileSync(file, 'utf8')).toBe(damaged);
  }
});

test('a file left by an interrupted first start is replaced', () => {
  const folder = emptyFolder();
  writeFileSync(join(folder, 'keys.json.new'), '{"for');
  keysOf(open(folder));
  expect(readdirSync(folder)).toEqual(['keys.json']);
});
