import { describe, expect, test } from 'bun:test';
import { readGameYaml } from './game-yaml.ts';

const GOOD = `api: 1
players: { min: 1, max: 4 }
minutes: 5
prices: { EUR: 490 }
free: true
languages: [en]
cover: cover.svg
texts:
  en:
    title: Demo
    tagline: A line.
    description: Words.
    accessibility: None.
`;

function faultsOf(source: string): string[] {
  const read = readGameYaml(source);
  return read.ok ? [] : read.faults.map(({ line, message }) => `${line}: ${message}`);
}

describe('game.yaml', () => {
  test('a complete file is read', () => {
    const read = readGameYaml(GOOD);
    expect(read.ok && read.game.prices).toEqual({ EUR: 490 });
  });

  test('a value of the wrong kind is reported at its line', () => {
    expect(faultsOf(GOOD.replace('minutes: 5', 'minutes: soon'))).toEqual([
      expect.stringMatching(/^3: minutes: .*number/),
    ]);
  });

  test('a fault deep in the texts is reported at its line', () => {
    expect(faultsOf(GOOD.replace('title: Demo', 'title: ""'))).toEqual([
      '10: texts.en.title: must not be empty',
    ]);
  });

  test('a missing field is reported at the nearest line that is there', () => {
    expect(faultsOf(GOOD.replace('    tagline: A line.\n', ''))).toEqual([
      expect.stringMatching(/^9: texts\.en\.tagline: /),
    ]);
  });

  test('a misspelt field is reported', () => {
    const faults = faultsOf(GOOD.replace('free: true', 'free: true\nfreee: true'));
    expect(faults).toEqual([expect.stringMatching(/^6: .*freee/)]);
  });

  test('YAML that does not parse is reported at its line', () => {
    expect(faultsOf(GOOD.replace('free: true', 'free: [true'))[0]).toMatch(/^[5-6]: /);
  });

  test('every language needs texts, and every text a language', () => {
    expect(faultsOf(GOOD.replace('[en]', '[en, de]'))).toEqual(['8: texts: no texts for the language de']);
    expect(faultsOf(GOOD.replace('[en]', '[de]'))).toEqual([
      '8: texts: no texts for the language de',
      '9: texts.en: en is not in languages',
    ]);
  });

  const withLimits = (lines: string) => GOOD.replace('texts:', `limits:\n${lines}\ntexts:`);

  test('limits are read; those of the platform hold for what is not set', () => {
    const source = withLimits('  player: { rate: 5 }\n  body: 512');
    const read = readGameYaml(source);
    expect(read.ok && read.game.limits).toEqual({ messageRate: 5, bodyBytesMax: 512 });
    expect(readGameYaml(GOOD)).toMatchObject({ ok: true });
  });

  test('a limit outside the bounds of the platform is a fault at its line that names the bounds', () => {
    expect(faultsOf(withLimits('  player:\n    rate: 500'))).toEqual([
      '10: limits.player.rate: must be from 1 to 60',
    ]);
    expect(faultsOf(withLimits('  bytes: 99999999'))).toEqual([
      '9: limits.bytes: must be from 65536 to 67108864',
    ]);
    expect(faultsOf(withLimits('  entries: lots'))).toEqual([expect.stringMatching(/^9: limits.entries: /)]);
    expect(faultsOf(withLimits('  speed: 5'))).toEqual([expect.stringMatching(/^9: .*speed/)]);
  });

  test('a room must allow a socket for every player', () => {
    expect(faultsOf(withLimits('  sockets: 3'))).toEqual([
      '9: limits.sockets: is smaller than the number of players (4)',
    ]);
  });

  test('the rate of a room must not be below that of one player', () => {
    expect(faultsOf(withLimits('  player: { rate: 20 }\n  room: { rate: 10 }'))).toEqual([
      '10: limits.room.rate: is smaller than that of one player (20)',
    ]);
  });

  test('min must not be larger than max', () => {
    expect(faultsOf(GOOD.replace('min: 1', 'min: 5'))).toEqual(['2: players: min is larger than max']);
  });
});
