/**
 * Line: the SDK has at most 8.5 KB, compressed.
 *
 * The session and the browser entry, bundled and minified for a browser, all parts together compressed with
 * Brotli, as in `sdk/src/size.test.ts`. The code of a page is not included.
 */
import { brotliCompressSync } from 'node:zlib';
import { runStandalone, type MeasureLines, log } from './standalone.ts';

const ENTRIES = ['sdk/src/session.ts', 'sdk/src/browser-environment.ts'];
const BYTES_MAX = 8.5 * 1_024;

export const sdkSizeLines: MeasureLines = async () => {
  const built = await Bun.build({
    entrypoints: ENTRIES,
    minify: true,
    target: 'browser',
    format: 'esm',
    splitting: true,
  });
  const script = (await Promise.all(built.outputs.map((output) => output.text()))).join('');
  const value = brotliCompressSync(script).length;
  log(`the SDK: ${script.length} bytes minified, ${value} compressed`);
  return [{ name: 'SDK, compressed', unit: 'bytes', value, max: BYTES_MAX }];
};

if (import.meta.main) await runStandalone(sdkSizeLines);
