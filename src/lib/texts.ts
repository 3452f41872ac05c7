/**
 * The texts of pages and mails: `locales/<locale>/<topic>.json`, ICU messages, each with the key `<topic>.<key>`. A
 * text that is missing in a locale is taken from English; one that English lacks is an error.
 */
export interface Texts {
  readonly locales: readonly string[];
  /** Returns the formatted text; the message as it is written if it cannot be formatted (a value is missing). */
  t(locale: string, key: string, values?: { readonly [name: string]: string | number }): string;
  /** All messages of a topic in a locale, not formatted, for a page's script. */
  topic(locale: string, topic: string): { readonly [key: string]: string };
  /** The best available locale for an Accept-Language header. */
  choose(acceptLanguage: string | null): string;
}
