/** Formats ICU messages in the browser; each is parsed when it is first used. */
import { IntlMessageFormat } from 'intl-messageformat';

export type Translate = (key: string, values?: { readonly [name: string]: string | number }) => string;

/** A missing or invalid text is replaced by its key, so that it does not stop the game. */
export function translator(locale: string, texts: { readonly [key: string]: string }): Translate {
  const parsed = new Map<string, IntlMessageFormat>();
  return (key, values) => {
    const text = texts[key];
    if (text === undefined) return key;
    try {
      let message = parsed.get(key);
      if (!message)
        parsed.set(key, (message = new IntlMessageFormat(text, locale, undefined, { ignoreTag: true })));
      return String(message.format(values));
    } catch {
      return key;
    }
  };
}
