/**
 * Generates the shop's cover picture from the drawing of the town: `bun tools/cover.ts` writes
 * `assets/cover.svg`. The drawings use no hooks, so a recursive walk over their virtual nodes is enough to
 * render them.
 */
import { join } from 'node:path';
import { type ComponentChildren, createElement, isValidElement, type VNode } from 'preact';
import { Defs } from '../client/art/defs.tsx';
import { Town } from '../client/art/town.tsx';

interface Attributes {
  readonly children?: ComponentChildren;
  readonly [name: string]: unknown;
}
type View = (properties: object) => ComponentChildren;

function markup(node: ComponentChildren): string {
  if (Array.isArray(node)) return node.map(markup).join('');
  if (typeof node === 'string' || typeof node === 'number') return escapeXml(String(node));
  if (!isValidElement(node)) return '';
  const { type, props } = node as VNode<Attributes>;
  if (typeof type === 'function') {
    const view = type as unknown as View & { readonly prototype?: { readonly render?: unknown } };
    if (!view.prototype?.render) return markup(view(props));
    const Made = type as unknown as new (properties: object) => { render(): ComponentChildren };
    return markup(new Made(props).render());
  }
  const { children, ...attributes } = props;
  return `<${type}${Object.entries(attributes).map(attribute).join('')}>${markup(children)}</${type}>`;
}

/** Omits classes and styles: they are for animation only, and the cover is not animated. */
function attribute([name, value]: readonly [string, unknown]): string {
  const text = typeof value === 'number' ? value.toString() : value;
  if (typeof text !== 'string' || ['class', 'key', 'aria-hidden'].includes(name)) return '';
  return ` ${name}="${escapeXml(text)}"`;
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[sign] ?? '&quot;');
}

const defs = /<defs>.*<\/defs>/s.exec(markup(createElement(Defs, {})))?.[0] ?? '';
const town = markup(createElement(Town, {}));
const used = defs.replace(
  /<(linear|radial)Gradient id="(dh-[a-z]+)".*?<\/\1Gradient>/gis,
  (whole, _, id: string) => (town.includes(`#${id})`) ? whole : ''),
);
const picture =
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 -70 1600 1000" width="1600" height="1000">${used}${town}</svg>\n`
    // Two decimals are enough.
    .replace(/-?\d+\.\d{3,}/g, (number) => String(Math.round(Number(number) * 100) / 100))
    .replace(/><\/(path|circle|ellipse|rect|stop)>/g, '/>');
await Bun.write(join(import.meta.dir, '../assets/cover.svg'), picture);
console.log(`cover.svg ${(picture.length / 1024).toFixed(1)} KB`);
