/** Chooses a visitor's language: the address's `lang` parameter, else the cookie, else Accept-Language. */
import type { Texts } from '../../../lib/texts.ts';

export const LANGUAGE_COOKIE = 'lang';

export function chooseLocale(
  texts: Texts,
  wishes: { query: string | null; cookie: string | null; header: string | null },
): string {
  for (const wanted of [wishes.query, wishes.cookie]) {
    if (wanted !== null && texts.locales.includes(wanted)) return wanted;
  }
  return texts.choose(wishes.header);
}
