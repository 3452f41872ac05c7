/**
 * Shows the game without the platform: run `bun tools/preview.ts [port]` and open the printed address. Its
 * query parameters are listed in preview-page.ts.
 */
import { join } from 'node:path';

const FOLDER = join(import.meta.dir, '..');
/** The studio's font, as on the platform's pages. */
const FONT = join(
  FOLDER,
  '../../node_modules/@fontsource-variable/besley/files/besley-latin-wght-normal.woff2',
);
const PAGE = `<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Preview</title><link rel="stylesheet" href="/preview-page.css">
<style>@font-face{font-family:'Besley Variable';src:url(/font.woff2);font-weight:400 900}html,body{margin:0;height:100%;background:#0b0d18}body{display:flex;gap:4px}
.pane{flex:1;min-width:0;display:flex;flex-direction:column;height:100dvh;position:relative}
.tools{position:absolute}.bar{height:52px;flex:none;color:#cdbf9f;font:16px serif;padding:0 12px;display:flex;align-items:center;gap:12px;background:#12131f;overflow:hidden;white-space:nowrap}
.root{flex:1;min-height:0;position:relative}
.caption{position:absolute;left:50%;bottom:96px;translate:-50% 0;background:#000a;color:#fff;font:16px serif;padding:2px 10px;border-radius:8px;pointer-events:none;z-index:5}
.caption:empty{display:none}</style><body><script type="module" src="/preview-page.js"></script>`;

async function build(): Promise<{ readonly js: string; readonly css: string }> {
  const result = await Bun.build({
    entrypoints: [join(FOLDER, 'tools/preview-page.ts')],
    target: 'browser',
    format: 'esm',
    define: { 'process.env.NODE_ENV': '"production"' },
    jsx: { runtime: 'automatic', importSource: 'preact', development: false },
  });
  const text = async (ending: string): Promise<string> =>
    (await result.outputs.find(({ path }) => path.endsWith(ending))?.text()) ?? '';
  return { js: await text('.js'), css: await text('.css') };
}

/** Serves the preview until `stop`. The page is built at each request. */
export function servePreview(port = 0): ReturnType<typeof Bun.serve> {
  return Bun.serve({
    port,
    hostname: '127.0.0.1',
    async fetch(request) {
      const { pathname } = new URL(request.url);
      if (pathname === '/') return new Response(PAGE, { headers: { 'content-type': 'text/html' } });
      if (pathname.startsWith('/assets/')) return new Response(Bun.file(join(FOLDER, pathname)));
      if (pathname === '/font.woff2') return new Response(Bun.file(FONT));
      if (!pathname.startsWith('/preview-page')) return new Response('', { status: 404 });
      const { js, css } = await build();
      return pathname.endsWith('.css')
        ? new Response(css, { headers: { 'content-type': 'text/css' } })
        : new Response(js, { headers: { 'content-type': 'text/javascript' } });
    },
  });
}

if (import.meta.main) console.log(`http://127.0.0.1:${servePreview(Number(process.argv[2] ?? 0)).port}/`);
