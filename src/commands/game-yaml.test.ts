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

  test('a misspelt field is reported, not overlooked', () => {
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

  test('min must not be larger than max', () => {
    expect(faultsOf(GOOD.replace('min: 1', 'min: 5'))).toEqual(['2: players: min is larger than max']);
  });
});
