/** The SDK is loaded before a player sees anything, so its size is limited. */
import { expect, test } from 'bun:test';
import { brotliCompressSync, gzipSync } from 'node:zlib';

/** docs/decisions/0033-sdk-size.md says what the bytes are for. */
const LIMIT_BYTES = 7.75 * 1024;

test('the whole SDK, minified and compressed, stays within 7.75 KB', async () => {
  const built = await Bun.build({
    entrypoints: [`${import.meta.dir}/session.ts`, `${import.meta.dir}/browser-environment.ts`],
    minify: true,
    target: 'browser',
    format: 'esm',
    splitting: true,
  });
  expect(built.success).toBe(true);
  const texts = await Promise.all(built.outputs.map((output) => output.text()));
  const all = texts.join('');
  const sizes = { plain: all.length, gzip: gzipSync(all).length, brotli: brotliCompressSync(all).length };
  console.log('SDK bytes', sizes);
  // Fails if the bundle is small only because parts are missing.
  expect(all).toContain('DecompressionStream');
  expect(sizes.brotli).toBeLessThanOrEqual(LIMIT_BYTES);
});
