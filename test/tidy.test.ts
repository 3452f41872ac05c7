/** The house rules: the repository follows them, and each rule fails on a fixture that violates it. */
import { describe, expect, test } from 'bun:test';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseFixture } from './tidy/fixture.ts';
import { readRepository } from './tidy/repository.ts';
import { print } from './tidy/rule.ts';
import { RULES } from './tidy/rules.ts';

const FIXTURES = join(import.meta.dir, 'tidy', 'fixtures');
const FILES_MIN = 100;
/** The first rule also parses every file, perhaps on a busy machine. */
const RULE_MS_MAX = 60_000;

describe('this repository', () => {
  const repository = readRepository(dirname(import.meta.dir));

  test('is read', () => {
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
  test('exists for every rule, and none without a rule', () => {
    const names = readdirSync(FIXTURES).map((name) => name.replace(/\.txt$/, ''));
    expect(names.toSorted()).toEqual(RULES.map(({ name }) => name).toSorted());
  });

  test.each(RULES.map((rule) => [rule.name, rule] as const))('%s', (name, rule) => {
    const { repository, expected } = parseFixture(readFileSync(join(FIXTURES, `${name}.txt`), 'utf8'));
    const found = rule.check(repository);
    expect(expected.size).toBeGreaterThan(0);
    expect([...new Set(found.map(({ path }) => path))].toSorted()).toEqual([...expected.keys()].toSorted());
    for (const [path, messages] of expected) {
      const messagesFound = found.filter((one) => one.path === path).map((one) => one.message);
      expect(messagesFound).toEqual(messages.map((message) => expect.stringContaining(message)));
    }
  });
});
