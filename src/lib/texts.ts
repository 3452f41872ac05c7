/**
 * All texts of pages and mails: `locales/<locale>/<topic>.json`, ICU messages, asked for as
 * `topic.key`. A key that is missing in a locale falls back to English; one missing there throws.
 */
export interface Texts {
  readonly locales: readonly string[];
  t(locale: string, key: string, values?: { readonly [name: string]: string | number }): string;
  /** All texts of a topic in a locale, unformatted, for a page's script. */
  topic(locale: string, topic: string): { readonly [key: string]: string };
  /** The best of our locales for an Accept-Language header. */
  choose(acceptLanguage: string | null): string;
}
