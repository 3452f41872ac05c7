/**
 * A minimal template language: `{{name}}` is replaced by a value, `{{#list}}…{{/list}}` is repeated per item of a
 * list, whose values take precedence over the outer ones. A missing value is a bug and throws.
 */
export interface Slots {
  readonly [name: string]: string | readonly Slots[];
}

/** `escape` is applied to every value, never to the template. */
export function fill(template: string, slots: Slots, escape: (value: string) => string): string {
  const repeated = template.replace(
    /\{\{#(\w+)\}\}([\s\S]*?)\{\{\/\1\}\}\n?/g,
    (_whole, name: string, inner: string) => {
      const items = slots[name];
      if (!Array.isArray(items)) throw new Error(`the template repeats ${name}, which is not a list`);
      return items
        .map((item: Slots) => fill(inner.replace(/^\n/, ''), { ...slots, ...item }, escape))
        .join('');
    },
  );
  return repeated.replace(/\{\{(\w+)\}\}/g, (_whole, name: string) => {
    const value = slots[name];
    if (typeof value !== 'string') throw new Error(`the template needs a text for ${name}`);
    return escape(value);
  });
}

export function escapeHtml(text: string): string {
  return text.replace(/[<>&"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
