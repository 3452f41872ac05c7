/** `Texts` from the files `locales/<locale>/<topic>.json`: flat keys, ICU messages, read once at start. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import i18next from 'i18next';
import ICU from 'i18next-icu';
import { z } from 'zod';
import type { Texts } from './texts.ts';

const FALLBACK = 'en';
const topicSchema = z.record(z.string(), z.string());

/** locale → topic → key → message */
type Messages = {
  readonly [locale: string]: { readonly [topic: string]: { readonly [key: string]: string } };
};

/** Throws when a file is not readable as texts, or there is no English. */
export function loadTexts(folder: string): Texts {
  const messages = readMessages(folder);
  if (!messages[FALLBACK]) throw new Error(`no texts in ${join(folder, FALLBACK)}`);
  const locales = [FALLBACK, ...Object.keys(messages).filter((locale) => locale !== FALLBACK)];
  const engine = i18next.createInstance();
  void engine.use(ICU).init({
    lng: FALLBACK,
    fallbackLng: FALLBACK,
    resources: messages,
    ns: Object.keys(messages[FALLBACK]),
    nsSeparator: '.',
    keySeparator: false,
    initAsync: false,
    // Markup is made by the pages, which escape what they insert.
    interpolation: { escapeValue: false },
  });
  const fallbackTopic = (name: string) => {
    const topic = messages[FALLBACK]?.[name];
    if (!topic) throw new Error(`no texts for ${name}`);
    return topic;
  };
  return {
    locales,
    t(locale, key, values = {}) {
      const dot = key.indexOf('.');
      const known = fallbackTopic(key.slice(0, dot))[key.slice(dot + 1)];
      if (known === undefined) throw new Error(`no text ${key}`);
      return engine.t(key, { ...values, lng: locale });
    },
    topic: (locale, name) => ({ ...fallbackTopic(name), ...messages[locale]?.[name] }),
    choose: (acceptLanguage) => chooseLocale(locales, acceptLanguage),
  };
}

function readMessages(folder: string): Messages {
  const read = (locale: string, file: string) => {
    const parsed = topicSchema.safeParse(JSON.parse(readFileSync(join(folder, locale, file), 'utf8')));
    if (!parsed.success) throw new Error(`${join(locale, file)}: ${z.prettifyError(parsed.error)}`);
    return [basename(file, '.json'), parsed.data] as const;
  };
  const filesOf = (locale: string) =>
    readdirSync(join(folder, locale)).filter((file) => file.endsWith('.json'));
  if (!existsSync(folder)) throw new Error(`no folder ${folder}`);
  return Object.fromEntries(
    readdirSync(folder)
      .toSorted()
      .map((locale) => [locale, Object.fromEntries(filesOf(locale).map((file) => read(locale, file)))]),
  );
}

const PREFERENCES_MAX = 20;

/** `de-AT,de;q=0.9,en;q=0.8` → `de`: the most wanted language we have, region or not. */
function chooseLocale(locales: readonly string[], header: string | null): string {
  const wanted = (header ?? '')
    .split(',', PREFERENCES_MAX)
    .map((part) => {
      const [tag = '', ...parameters] = part.trim().toLowerCase().split(';');
      const quality = parameters.map((one) => /^\s*q=([0-9.]+)$/.exec(one)?.[1]).find(Boolean);
      return { language: tag.split('-')[0] ?? '', quality: quality === undefined ? 1 : Number(quality) };
    })
    .filter(({ quality }) => quality > 0)
    .toSorted((a, b) => b.quality - a.quality);
  return wanted.find(({ language }) => locales.includes(language))?.language ?? FALLBACK;
}
