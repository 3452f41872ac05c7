import { afterEach, beforeEach, describe, expect, test, setDefaultTimeout } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { ASSETS_PATH, buildPlatformAssets } from './assets.ts';

// Builds can take longer than the default timeout on a busy machine.
setDefaultTimeout(30_000);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'escapement-assets-'));
  await write('browser/a.ts', "import { word } from './lib/word.ts';\nconsole.log(word);\n");
  await write('browser/lib/word.ts', "export const word: string = 'hello';\n");
  await write('styles/a.css', ".a { background: url('./dot.svg'); }\n");
  await write('styles/b.css', ".b { mask: url('./dot.svg'); }\n");
  // The bundler inlines small images; this one is too large for that.
  await write(
    'styles/dot.svg',
    `<svg xmlns="http://www.w3.org/2000/svg"><!--${'x'.repeat(200_000)}--></svg>`,
  );
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const write = (path: string, content: string) => Bun.write(join(folder, path), content);

async function textOf(name: string): Promise<string> {
  const assets = await buildPlatformAssets(folder);
  const file = assets.file(assets.url(name).slice(ASSETS_PATH.length));
  return new TextDecoder().decode(file?.bytes);
}

describe('the assets of our own pages', () => {
  test('a script is one file with everything it imports', async () => {
    expect(await textOf('a.js')).toMatch(/"hello".*console\.log/);
  });

  test('modules in subfolders are not scripts of their own', async () => {
    const assets = await buildPlatformAssets(folder);
    expect(() => assets.url('word.js')).toThrow('no asset is called word.js');
  });

  test('an image used by two style sheets is one file, under the name in the sheets', async () => {
    const assets = await buildPlatformAssets(folder);
    const [, named = ''] = /url\(["']?\.\/([^"')]+)/.exec(await textOf('a.css')) ?? [];
    expect(await textOf('b.css')).toContain(named);
    expect(assets.url('dot.svg')).toBe(ASSETS_PATH + named);
    expect(assets.file(named)?.contentType).toBe('image/svg+xml');
  });

  test('names depend on the content: equal for equal content, another when an imported module changed', async () => {
    const before = (await buildPlatformAssets(folder)).url('a.js');
    expect((await buildPlatformAssets(folder)).url('a.js')).toBe(before);
    await write('browser/lib/word.ts', "export const word: string = 'goodbye';\n");
    expect((await buildPlatformAssets(folder)).url('a.js')).not.toBe(before);
  });

  test('the compressed forms decompress to the same bytes', async () => {
    const assets = await buildPlatformAssets(folder);
    const file = assets.file(assets.url('a.js').slice(ASSETS_PATH.length));
    if (!file?.br || !file.gzip) throw new Error('not compressed');
    const plain = Buffer.from(file.bytes);
    expect(brotliDecompressSync(file.br).equals(plain)).toBe(true);
    expect(gunzipSync(file.gzip).equals(plain)).toBe(true);
  });

  test('a source that does not build fails the start', async () => {
    await write('browser/a.ts', "import './nowhere.ts';\n");
    expect(buildPlatformAssets(folder)).rejects.toThrow();
  });
});

test('the shell of the play page takes at most half of the 80 KB that may be loaded', async () => {
  const assets = await buildPlatformAssets();
  const file = assets.file(assets.url('play.js').slice(ASSETS_PATH.length));
  expect(file?.br?.length).toBeGreaterThan(0);
  expect(file?.br?.length).toBeLessThanOrEqual(40 * 1024);
});
