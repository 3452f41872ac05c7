/** The texts: complete in every language, used with keys that exist, and none unused. */
import { expect, test } from 'bun:test';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IntlMessageFormat } from 'intl-messageformat';
import { loadTexts } from './texts.real.ts';

const ROOT = join(import.meta.dir, '../..');
const LOCALES = join(ROOT, 'locales');
const locales = readdirSync(LOCALES);

type Topic = { readonly [key: string]: string };
const topicsOf = (locale: string): { readonly [topic: string]: Topic } =>
  Object.fromEntries(
    readdirSync(join(LOCALES, locale)).map((file) => [
      file.replace('.json', ''),
      JSON.parse(readFileSync(join(LOCALES, locale, file), 'utf8')) as Topic,
    ]),
  );
const english = topicsOf('en');

/** The names of a message's arguments, including those of nested messages. */
function argumentsOf(message: string, locale: string): string[] {
  const found = new Set<string>();
  const walk = (node: unknown): void => {
    if (Array.isArray(node)) return node.forEach(walk);
    if (typeof node !== 'object' || node === null) return;
    // Type 0 is literal text, 7 the `#` of a plural; in all other nodes `value` is the argument's name.
    if ('type' in node && 'value' in node && node.type !== 0 && node.type !== 7)
      found.add(String(node.value));
    Object.values(node).forEach(walk);
  };
  walk(new IntlMessageFormat(message, locale).getAst());
  return [...found].sort();
}

for (const locale of locales.filter((one) => one !== 'en')) {
  test(`${locale} has exactly the keys of English`, () => {
    const other = topicsOf(locale);
    expect(Object.keys(other).sort()).toEqual(Object.keys(english).sort());
    for (const [topic, texts] of Object.entries(english)) {
      expect({ [topic]: Object.keys(other[topic] ?? {}).sort() }).toEqual({
        [topic]: Object.keys(texts).sort(),
      });
    }
  });

  test(`${locale} uses the same arguments as English in every text`, () => {
    const other = topicsOf(locale);
    for (const [topic, texts] of Object.entries(english)) {
      for (const [key, message] of Object.entries(texts)) {
        const translated = other[topic]?.[key] ?? '';
        expect({ [`${topic}.${key}`]: argumentsOf(translated, locale) }).toEqual({
          [`${topic}.${key}`]: argumentsOf(message, 'en'),
        });
      }
    }
  });
}

const sources = [...new Bun.Glob('src/**/*.{ts,tsx}').scanSync({ cwd: ROOT })]
  .filter((path) => !/\.(test|contract|fixture)\.tsx?$/.test(path))
  .map((path) => readFileSync(join(ROOT, path), 'utf8'))
  .join('\n');

test('every text that is used by its full key exists', () => {
  const used = [...sources.matchAll(/\bt\(\s*'([a-z]+)\.(\w+)'/g)];
  expect(used.length).toBeGreaterThan(50);
  for (const [, topic = '', key = ''] of used) {
    expect(english[topic]?.[key], `${topic}.${key}`).toBeString();
  }
});

test('no text is unused', () => {
  const quoted = new Set([...sources.matchAll(/['"`]([\w.]+)['"`]/g)].map(([, text = '']) => text));
  // `order.${state}_title` uses every key of that shape; templates that begin with an expression are ignored.
  const shapes = [...sources.matchAll(/`(\w[\w.]*(?:\$\{[^}`]*\}[\w.]*)+)`/g)].map(
    ([, template = '']) => new RegExp(`^${template.replaceAll(/\$\{[^}]*\}/g, '\\w+')}$`),
  );
  const used = (topic: string, key: string) =>
    [key, key.replace(/_(title|text)$/, '')].some(
      (name) =>
        quoted.has(name) ||
        quoted.has(`${topic}.${name}`) ||
        shapes.some((shape) => shape.test(name) || shape.test(`${topic}.${name}`)),
    );
  const unused = Object.entries(english).flatMap(([topic, texts]) =>
    Object.keys(texts)
      .filter((key) => !used(topic, key))
      .map((key) => `${topic}.${key}`),
  );
  expect(unused).toEqual([]);
});

test('a missing text falls back to English, and one that is missing there throws', () => {
  const folder = mkdtempSync(join(tmpdir(), 'escapement-texts-'));
  for (const [locale, texts] of [
    ['en', { a: 'A', n: '{n, plural, one {# thing} other {# things}}' }],
    ['de', { a: 'Ä' }],
  ] as const) {
    mkdirSync(join(folder, locale));
    writeFileSync(join(folder, locale, 'x.json'), JSON.stringify(texts));
  }
  const texts = loadTexts(folder);
  expect(texts.t('de', 'x.a')).toBe('Ä');
  expect(texts.t('de', 'x.n', { n: 1 })).toBe('1 thing');
  expect(texts.t('en', 'x.n', { n: 2 })).toBe('2 things');
  expect(texts.t('xx', 'x.a')).toBe('A');
  expect(texts.topic('de', 'x')).toEqual({ a: 'Ä', n: '{n, plural, one {# thing} other {# things}}' });
  expect(() => texts.t('de', 'x.missing')).toThrow('no text x.missing');
  expect(() => texts.t('de', 'y.a')).toThrow('no texts for y');
  rmSync(folder, { recursive: true });
});

test('the available language with the highest quality in Accept-Language is chosen', () => {
  const { choose } = loadTexts(LOCALES);
  expect(choose(null)).toBe('en');
  expect(choose('de-AT,de;q=0.9,en;q=0.8')).toBe('de');
  expect(choose('fr;q=0.9, en;q=0.3, de;q=0.8')).toBe('de');
  expect(choose('de;q=0, en')).toBe('en');
  expect(choose('xx,yy')).toBe('en');
  expect(choose('*')).toBe('en');
});
