/** Files: our own scripts and styles, releases of games, the studio's colours and logo. Also /health and /ready. */
import { createHash } from 'node:crypto';
import { accentInk, readable } from '../../../domain/colour.ts';
import { ALIVE, readiness } from '../../../domain/health.ts';
import type { Files } from '../../../ports/files/files.ts';
import type { Studio } from '../../../domain/studio.ts';
import type { RouteModule, WebContext } from '../http/route-types.ts';
import type { PlatformFile } from '../deps.ts';
import { DISPLAY_FONT } from '../components/layout.tsx';
import { sendJson } from '../http/respond.tsx';

const IMMUTABLE = 'public, max-age=31536000, immutable';
/** For files whose address does not contain a hash: revalidated with their ETag, 304 while unchanged. */
const REVALIDATE = 'public, max-age=300, must-revalidate';
/** For a game's SVG that is opened as a page: it may use styles, but run no script and load nothing. */
const FILE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

export const staticRoutes: RouteModule = (routes, deps) => {
  routes.get('/assets/:name', (c) => {
    const file = deps.assets.file(c.req.param('name'));
    return file ? sendAsset(c, file) : missing();
  });

  routes.get('/files/*', async (c) => {
    const path = checkPath(c.req.path.slice('/files/'.length));
    if (path === null || !path.startsWith('releases/')) return missing();
    const found = await readNegotiated(deps.files, path, c.req.header('accept-encoding') ?? '');
    if (!found) return missing();
    const headers = new Headers({
      'Content-Type': found.contentType,
      'Cache-Control': IMMUTABLE,
      Vary: 'Accept-Encoding',
    });
    if (found.encoding !== null) headers.set('Content-Encoding', found.encoding);
    if (found.contentType.includes('svg') || found.contentType.includes('html')) {
      headers.set('Content-Security-Policy', FILE_POLICY);
    }
    return new Response(found.bytes, { headers });
  });

  const styles = new TextEncoder().encode(studioStyles(deps.studio, deps.assets.url(DISPLAY_FONT)));
  routes.get('/studio.css', (c) => sendTagged(c, styles, 'text/css; charset=utf-8'));

  const { bytes: logo, contentType } = deps.studio.logoFile;
  routes.get('/studio/logo', (c) => sendTagged(c, logo, contentType));
  routes.get('/favicon.ico', (c) => sendTagged(c, logo, contentType));

  routes.get('/robots.txt', () => new Response('User-agent: *\nDisallow: /admin\n'));

  routes.get('/health', () => sendJson(ALIVE));
  routes.get('/ready', () => {
    const { status, body } = readiness(deps.ready());
    return sendJson(body, status);
  });
};

function sendAsset(c: WebContext, file: PlatformFile): Response {
  const accepted = c.req.header('accept-encoding') ?? '';
  const headers = new Headers({
    'Content-Type': file.contentType,
    'Cache-Control': IMMUTABLE,
    Vary: 'Accept-Encoding',
  });
  for (const [encoding, bytes] of [
    ['br', file.br],
    ['gzip', file.gzip],
  ] as const) {
    if (bytes && accepts(accepted, encoding)) {
      headers.set('Content-Encoding', encoding);
      return new Response(bytes, { headers });
    }
  }
  return new Response(file.bytes, { headers });
}

interface NegotiatedFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
  readonly encoding: 'br' | 'gzip' | null;
}

/** Publishing stores the compressed forms of a text file beside it, as `<path>.br` and `<path>.gz`. */
async function readNegotiated(files: Files, path: string, accepted: string): Promise<NegotiatedFile | null> {
  if (!/\.(br|gz)$/.test(path) && /\.(js|css|json|svg|txt|html)$/.test(path)) {
    for (const [encoding, ending] of [
      ['br', 'br'],
      ['gzip', 'gz'],
    ] as const) {
      const found = accepts(accepted, encoding) ? await files.get(`${path}.${ending}`) : null;
      if (found) return { bytes: found.bytes, contentType: textType(found.contentType), encoding };
    }
  }
  const found = await files.get(path);
  return found && { bytes: found.bytes, contentType: textType(found.contentType), encoding: null };
}

function textType(contentType: string): string {
  return /^text\/|json/.test(contentType) && !contentType.includes('charset')
    ? `${contentType}; charset=utf-8`
    : contentType;
}

/** Whether Accept-Encoding names the encoding, other than with `q=0`. */
function accepts(header: string, encoding: string): boolean {
  return header
    .split(',')
    .map((part) => part.trim().toLowerCase().split(';'))
    .some(([name, quality]) => name === encoding && !/q=0(\.0*)?$/.test(quality ?? ''));
}

function sendTagged(c: WebContext, bytes: Uint8Array<ArrayBuffer>, contentType: string): Response {
  const tag = `"${createHash('sha256').update(bytes).digest('hex').slice(0, 20)}"`;
  const headers = new Headers({ 'Content-Type': contentType, 'Cache-Control': REVALIDATE, ETag: tag });
  if (contentType.includes('svg')) headers.set('Content-Security-Policy', FILE_POLICY);
  if (c.req.header('if-none-match') === tag) return new Response(null, { status: 304, headers });
  return new Response(bytes, { headers });
}

/** Returns null for a path that no published file can have. */
function checkPath(given: string): string | null {
  return /^[a-z0-9._\-/]{1,512}$/.test(given) && !given.includes('..') ? given : null;
}

function missing(): Response {
  return new Response('not found', { status: 404, headers: { 'Content-Type': 'text/plain; charset=utf-8' } });
}

/** The studio's colours as CSS properties, the text colours that are readable on them, and the display font. */
export function studioStyles({ colours }: Studio, font: string): string {
  const { accent, ink, paper } = colours;
  const properties = {
    accent,
    ink,
    paper,
    'on-accent': accentInk(accent, ink),
    'accent-text': readable(accent, paper, ink),
    'on-ink': accentInk(ink, paper),
  };
  const lines = Object.entries(properties).map(([name, value]) => `--${name}:${value}`);
  return (
    `@font-face{font-family:'Besley Variable';src:url('${font}') format('woff2');` +
    `font-weight:400 900;font-display:swap}\n:root{${lines.join(';')}}\n`
  );
}
