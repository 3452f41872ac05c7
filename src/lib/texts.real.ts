/** `Texts` from the files `locales/<locale>/<topic>.json`: flat keys, ICU messages, read once at start. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { IntlMessageFormat } from 'intl-messageformat';
import { z } from 'zod';
import type { Texts } from './texts.ts';

const FALLBACK = 'en';
const topicSchema = z.record(z.string(), z.string());

/** locale → topic → key → message */
type Messages = {
  readonly [locale: string]: { readonly [topic: string]: { readonly [key: string]: string } };
};

/** Throws if a file is not valid or there is no English. */
export function loadTexts(folder: string): Texts {
  const messages = readMessages(folder);
  const english = messages[FALLBACK];
  if (!english) throw new Error(`no texts in ${join(folder, FALLBACK)}`);
  const locales = [FALLBACK, ...Object.keys(messages).filter((locale) => locale !== FALLBACK)];
  /** `<locale>.<topic>.<key>` → compiled message */
  const compiled = new Map<string, IntlMessageFormat>();
  const englishTopic = (name: string) => {
    const topic = english[name];
    if (!topic) throw new Error(`no texts for ${name}`);
    return topic;
  };
  const messageOf = (locale: string, fullKey: string): string => {
    const dot = fullKey.indexOf('.');
    const [topic, key] = [fullKey.slice(0, dot), fullKey.slice(dot + 1)];
    const fallback = englishTopic(topic)[key];
    if (fallback === undefined) throw new Error(`no text ${fullKey}`);
    // `de-AT` has the texts of `de`.
    const texts = messages[locale] ?? messages[locale.split('-')[0] ?? ''];
    return texts?.[topic]?.[key] ?? fallback;
  };
  return {
    locales,
    t(locale, key, values) {
      const message = messageOf(locale, key);
      const id = `${locale}.${key}`;
      try {
        let format = compiled.get(id);
        // Tags are text here: pages and mails escape what they insert.
        format ??= new IntlMessageFormat(message, locale, undefined, { ignoreTag: true });
        compiled.set(id, format);
        return String(format.format(values));
      } catch {
        return message;
      }
    },
    topic: (locale, name) => ({ ...englishTopic(name), ...messages[locale]?.[name] }),
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

/** Further entries of the header are ignored. */
const PREFERENCES_MAX = 20;

/** Returns `de` for `de-AT,de;q=0.9,en;q=0.8`: the preferred language that we have, whatever its region. */
function chooseLocale(locales: readonly string[], header: string | null): string {
  const preferred = (header ?? '')
    .split(',', PREFERENCES_MAX)
    .map((part) => {
      const [tag = '', ...parameters] = part.trim().toLowerCase().split(';');
      const quality = parameters.map((one) => /^\s*q=([0-9.]+)$/.exec(one)?.[1]).find(Boolean);
      return { language: tag.split('-')[0] ?? '', quality: quality === undefined ? 1 : Number(quality) };
    })
    .filter(({ quality }) => quality > 0)
    .toSorted((a, b) => b.quality - a.quality);
  return preferred.find(({ language }) => locales.includes(language))?.language ?? FALLBACK;
}
