/** The studio's folder: required files, and messages about missing or wrong ones. */
import { afterEach, beforeEach, expect, test } from 'bun:test';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadStudio } from './studio.real.ts';

const ROOT = join(import.meta.dir, '../../..');
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'escapement-studio-'));
  for (const part of ['studio.yaml', 'studio-logo.svg', 'legal']) {
    cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  }
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function change(from: string, to: string): void {
  const file = join(folder, 'studio.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace(from, to));
}

function faults(): readonly string[] {
  const outcome = loadStudio(folder, ['en', 'de']);
  return outcome.ok ? [] : outcome.faults;
}

test('the sample studio of the repository loads', () => {
  const outcome = loadStudio(ROOT, ['en', 'de']);
  if (!outcome.ok) throw new Error(outcome.faults.join('\n'));
  expect(outcome.studio.name).toBe('Pawl & Pallet');
  expect(outcome.studio.logoFile.contentType).toBe('image/svg+xml');
  expect(outcome.studio.legal('terms', 'de')).toContain('Widerrufsrecht');
});

test('an invalid colour is reported with its line', () => {
  change('"#2c1838"', 'aubergine');
  const line = readFileSync(join(folder, 'studio.yaml'), 'utf8')
    .split('\n')
    .findIndex((one) => one.includes('aubergine'));
  expect(faults()).toEqual([`studio.yaml:${line + 1}: colours.ink: write a colour as #rrggbb`]);
});

test('an unknown setting is a fault, so that typing errors are found', () => {
  change('vatRate:', 'vatrate:');
  expect(faults().join('\n')).toContain('vatrate');
});

test('a missing file is reported by name: settings, logo, legal page', () => {
  rmSync(join(folder, 'studio-logo.svg'));
  expect(faults()[0]).toContain('studio-logo.svg');
  change('studio-logo.svg', 'legal/terms.en.md');
  expect(faults()[0]).toContain('not an .svg or .png file');
  change('legal/terms.en.md', 'studio-logo.svg');
  cpSync(join(ROOT, 'studio-logo.svg'), join(folder, 'studio-logo.svg'));
  for (const locale of ['en', 'de']) rmSync(join(folder, `legal/privacy.${locale}.md`));
  expect(faults()).toEqual(['legal/privacy.en.md: there is no such file']);
  rmSync(join(folder, 'studio.yaml'));
  expect(faults()[0]).toContain('studio.yaml');
});

test('a legal page that is missing in a language is shown in another one', () => {
  rmSync(join(folder, 'legal/terms.en.md'));
  const outcome = loadStudio(folder, ['en', 'de']);
  expect(outcome.ok && outcome.studio.legal('terms', 'en')).toContain('Widerrufsrecht');
});
