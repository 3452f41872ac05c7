/** In which language a visitor reads: what the address asks, else what they chose, else what the browser prefers. */
import type { Texts } from '../../../lib/texts.ts';

export const LANGUAGE_COOKIE = 'lang';

export function chooseLocale(
  texts: Texts,
  asked: { query: string | null; cookie: string | null; header: string | null },
): string {
  for (const wanted of [asked.query, asked.cookie]) {
    if (wanted !== null && texts.locales.includes(wanted)) return wanted;
  }
  return texts.choose(asked.header);
}
