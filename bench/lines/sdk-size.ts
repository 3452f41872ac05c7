/**
 * Line: the SDK has at most 6 KB, compressed.
 *
 * Session and browser entry, bundled and minified for a browser, all parts together under Brotli, as
 * `sdk/src/size.test.ts` measures what it holds the SDK to. What is a page's own comes on top.
 */
import { brotliCompressSync } from 'node:zlib';
import { alone, type LinesOf, say } from './alone.ts';

const ENTRIES = ['sdk/src/session.ts', 'sdk/src/browser-environment.ts'];
const BYTES_MAX = 6 * 1_024;

export const sdkSizeLines: LinesOf = async () => {
  const built = await Bun.build({
    entrypoints: ENTRIES,
    minify: true,
    target: 'browser',
    format: 'esm',
    splitting: true,
  });
  const script = (await Promise.all(built.outputs.map((output) => output.text()))).join('');
  const value = brotliCompressSync(script).length;
  say(`the SDK: ${script.length} bytes minified, ${value} compressed`);
  return [{ name: 'SDK, compressed', unit: 'bytes', value, max: BYTES_MAX }];
};

if (import.meta.main) await alone(sdkSizeLines);
