/** Files: addressed by content hash, cached permanently, compressed if the browser accepts it. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { openWeb, type WebFixture } from '../../../../test/support/in-process/web-fixture.ts';
import { contrast } from '../../../domain/colour.ts';
import { studioStyles } from './static.ts';

let shop: WebFixture;
beforeAll(async () => {
  shop = await openWeb();
});
afterAll(() => shop.stop());

test('our own styles are immutable and come in an encoding that the browser accepts', async () => {
  const path = shop.deps.assets.url('site.css');
  const sizes = [];
  for (const [accepted, encoding] of [
    ['br, gzip', 'br'],
    ['gzip;q=0.5', 'gzip'],
    ['br;q=0', null],
    ['', null],
  ] as const) {
    const response = await shop.get(path, { 'Accept-Encoding': accepted });
    expect(response.headers.get('content-encoding')).toBe(encoding);
    expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(response.headers.get('vary')).toBe('Accept-Encoding');
    sizes.push((await response.arrayBuffer()).byteLength);
  }
  expect(sizes[0]).toBeLessThan(sizes[1] ?? 0);
  expect(sizes[1]).toBeLessThan(sizes[2] ?? 0);
  expect((await shop.get('/assets/none.css')).status).toBe(404);
});

test('files of releases are served, everything else in the store is not', async () => {
  const cover = await shop.get('/files/releases/sample-hour/cover.svg');
  expect(cover.status).toBe(200);
  expect(cover.headers.get('content-type')).toBe('image/svg+xml');
  expect(cover.headers.get('content-security-policy')).toContain('sandbox');
  await shop.deps.files.put('till/secret.json', new TextEncoder().encode('{}'), 'application/json');
  for (const path of [
    'till/secret.json',
    'releases/../till/secret.json',
    'releases/%2e%2e/till/secret.json',
  ]) {
    expect((await shop.get(`/files/${path}`)).status).toBe(404);
  }
});

test('a compressed form that publishing stored beside a file is sent instead of it', async () => {
  const { files } = shop.deps;
  const text = new TextEncoder().encode('export {}');
  await files.put('releases/x/a.js', text, 'text/javascript');
  await files.put('releases/x/a.js.br', new Uint8Array([1, 2, 3]), 'text/javascript');
  const packed = await shop.get('/files/releases/x/a.js', { 'Accept-Encoding': 'br' });
  expect(packed.headers.get('content-encoding')).toBe('br');
  expect(packed.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
  expect((await packed.arrayBuffer()).byteLength).toBe(3);
  const plain = await shop.get('/files/releases/x/a.js', { 'Accept-Encoding': 'gzip' });
  expect(plain.headers.get('content-encoding')).toBeNull();
});

test('colours and logo are revalidated, with 304 while they are unchanged', async () => {
  for (const path of ['/studio.css', '/studio/logo']) {
    const tag = (await shop.get(path)).headers.get('etag') ?? '';
    expect(tag).not.toBe('');
    expect((await shop.get(path, { 'If-None-Match': tag })).status).toBe(304);
  }
});

test('whatever accent colour a studio chooses, text on it and in it is readable', () => {
  for (const accent of ['#ffff00', '#000080', '#808080', '#ffffff', '#f2a51f']) {
    const colours = { accent, ink: '#2c1838', paper: '#fdf4de' };
    const styles = studioStyles({ ...shop.deps.studio, colours }, '/face.woff2');
    const value = (name: string) => new RegExp(`--${name}:(#[0-9a-f]{6})`).exec(styles)?.[1] ?? '';
    expect(contrast(value('on-accent'), accent)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(value('accent-text'), colours.paper)).toBeGreaterThanOrEqual(4.5);
  }
});
