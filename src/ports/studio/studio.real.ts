/** Reads the studio's settings from a folder, once at start: `studio.yaml`, its logo, `legal/*.md`. */
import { existsSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { type LegalPage, type Studio, studioSchema } from '../../domain/studio.ts';
import { readYaml } from '../../lib/yaml.ts';

const LEGAL: readonly LegalPage[] = ['imprint', 'privacy', 'terms'];
const LOGO_TYPES: { readonly [extension: string]: string } = {
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
};

export type StudioOutcome =
  | { readonly ok: true; readonly studio: Studio }
  /** Messages for the operator, with file and, if known, line. */
  | { readonly ok: false; readonly faults: readonly string[] };

/** `locales`: the languages of legal pages; the first available one replaces a missing one. */
export function loadStudio(folder: string, locales: readonly string[]): StudioOutcome {
  const file = join(folder, 'studio.yaml');
  if (!existsSync(file)) return fault(`${file}: there is no such file; copy the one from the repository`);
  const settings = readYaml(readFileSync(file, 'utf8'), studioSchema, 'studio.yaml');
  if (!settings.ok) return settings;
  const contentType = LOGO_TYPES[extname(settings.value.logo).toLowerCase()];
  const logo = join(folder, settings.value.logo);
  if (contentType === undefined)
    return fault(`studio.yaml: logo: ${settings.value.logo} is not an .svg or .png file`);
  if (!existsSync(logo)) return fault(`studio.yaml: logo: there is no file ${logo}`);
  const legal = readLegal(folder, locales);
  if (!legal.ok) return legal;
  const studio: Studio = {
    ...settings.value,
    logoFile: { bytes: new Uint8Array(readFileSync(logo)), contentType },
    legal: (page, locale) => pick(legal.texts, page, locale, locales),
  };
  return { ok: true, studio };
}

type LegalTexts = ReadonlyMap<string, string>;

function readLegal(
  folder: string,
  locales: readonly string[],
): { readonly ok: true; readonly texts: LegalTexts } | { readonly ok: false; readonly faults: string[] } {
  const texts = new Map<string, string>();
  const faults: string[] = [];
  for (const page of LEGAL) {
    for (const locale of locales) {
      const file = join(folder, 'legal', `${page}.${locale}.md`);
      if (existsSync(file)) texts.set(`${page}.${locale}`, readFileSync(file, 'utf8'));
    }
    if (!locales.some((locale) => texts.has(`${page}.${locale}`))) {
      faults.push(`legal/${page}.${locales[0] ?? 'en'}.md: there is no such file`);
    }
  }
  return faults.length > 0 ? { ok: false, faults } : { ok: true, texts };
}

function pick(texts: LegalTexts, page: LegalPage, locale: string, locales: readonly string[]): string {
  for (const one of [locale, ...locales]) {
    const text = texts.get(`${page}.${one}`);
    if (text !== undefined) return text;
  }
  throw new Error(`no text for the legal page ${page}`);
}

function fault(sentence: string): StudioOutcome {
  return { ok: false, faults: [sentence] };
}
