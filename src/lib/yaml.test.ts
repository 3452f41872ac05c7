/** Settings that are wrong are told with the line they are wrong in. */
import { expect, test } from 'bun:test';
import { z } from 'zod';
import { readYaml } from './yaml.ts';

const schema = z.strictObject({ name: z.string(), colours: z.strictObject({ ink: z.string().regex(/^#/) }) });

test('what fits the schema is read', () => {
  expect(readYaml('name: A\ncolours:\n  ink: "#000"\n', schema, 'x.yaml')).toEqual({
    ok: true,
    value: { name: 'A', colours: { ink: '#000' } },
  });
});

test('a wrong value is told with its own line, a missing one with the line around it', () => {
  const wrong = readYaml('name: A\ncolours:\n  ink: black\n', schema, 'x.yaml');
  expect(wrong.ok || wrong.faults[0]).toStartWith('x.yaml:3: colours.ink: ');
  const missing = readYaml('\n\nname: A\ncolours: {}\n', schema, 'x.yaml');
  expect(missing.ok || missing.faults[0]).toStartWith('x.yaml:4: colours.ink: ');
});

test('what is no YAML is told with its line', () => {
  const broken = readYaml('name: A\ncolours: [\n', schema, 'x.yaml');
  expect(broken.ok).toBe(false);
  expect(broken.ok || broken.faults[0]).toMatch(/^x\.yaml:\d+: /);
});
