/** Faults in YAML are reported with their lines. */
import { expect, test } from 'bun:test';
import { z } from 'zod';
import { readYaml } from './yaml.ts';

const schema = z.strictObject({ name: z.string(), colours: z.strictObject({ ink: z.string().regex(/^#/) }) });

test('a valid document is read', () => {
  expect(readYaml('name: A\ncolours:\n  ink: "#000"\n', schema, 'x.yaml')).toEqual({
    ok: true,
    value: { name: 'A', colours: { ink: '#000' } },
  });
});

test('a wrong value is reported with its line, a missing one with the line of the enclosing map', () => {
  const wrong = readYaml('name: A\ncolours:\n  ink: black\n', schema, 'x.yaml');
  expect(wrong.ok || wrong.faults[0]).toStartWith('x.yaml:3: colours.ink: ');
  const missing = readYaml('\n\nname: A\ncolours: {}\n', schema, 'x.yaml');
  expect(missing.ok || missing.faults[0]).toStartWith('x.yaml:4: colours.ink: ');
});

test('a syntax error is reported with its line', () => {
  const broken = readYaml('name: A\ncolours: [\n', schema, 'x.yaml');
  expect(broken.ok).toBe(false);
  expect(broken.ok || broken.faults[0]).toMatch(/^x\.yaml:\d+: /);
});
