/** The house rules: this repository keeps them, and each rule is seen to catch what it is there for. */
import { describe, expect, test } from 'bun:test';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseFixture } from './tidy/fixture.ts';
import { readRepository } from './tidy/repository.ts';
import { print } from './tidy/rule.ts';
import { RULES } from './tidy/rules.ts';

const FIXTURES = join(import.meta.dir, 'tidy', 'fixtures');
const FILES_MIN = 100;
/** The first rule also parses everything, perhaps on a busy machine. */
const RULE_MS_MAX = 60_000;

describe('this repository', () => {
  const repository = readRepository(dirname(import.meta.dir));

  test('was found', () => {
    expect(repository.code.length).toBeGreaterThan(FILES_MIN);
    expect(repository.find('src/main.ts')).toBeDefined();
  });

  test.each(RULES.map((rule) => [rule.name, rule] as const))(
    '%s',
    (_, rule) => {
      expect(rule.check(repository).map(print)).toEqual([]);
    },
    RULE_MS_MAX,
  );
});

describe('a violating fixture', () => {
  test('is there for every rule, and none is left over', () => {
    const names = readdirSync(FIXTURES).map((name) => name.replace(/\.txt$/, ''));
    expect(names.toSorted()).toEqual(RULES.map(({ name }) => name).toSorted());
  });

  test.each(RULES.map((rule) => [rule.name, rule] as const))('%s', (name, rule) => {
    const { repository, expected } = parseFixture(readFileSync(join(FIXTURES, `${name}.txt`), 'utf8'));
    const found = rule.check(repository);
    expect(expected.size).toBeGreaterThan(0);
    expect([...new Set(found.map(({ path }) => path))].toSorted()).toEqual([...expected.keys()].toSorted());
    for (const [path, messages] of expected) {
      const said = found.filter((one) => one.path === path).map((one) => one.message);
      expect(said).toEqual(messages.map((message) => expect.stringContaining(message)));
    }
  });
});
