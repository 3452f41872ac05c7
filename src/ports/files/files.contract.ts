/** The contract of every file store. Each adapter's test calls it with a factory of empty stores. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { failureOf } from '../../../test/support/failure.ts';
import type { Files } from './files.ts';

export interface FilesUnderTest {
  readonly files: Files;
  /** Opens the same store again, as another process would. */
  again(): Promise<Files>;
  close(): Promise<void>;
}

const text = (value: string) => new TextEncoder().encode(value);

export function filesContract(name: string, make: () => Promise<FilesUnderTest>): void {
  describe(`files contract: ${name}`, () => {
    let under: FilesUnderTest;
    beforeAll(async () => {
      under = await make();
    });
    afterAll(() => under.close());

    test('get returns the bytes and content type of a put, also in another process', async () => {
      const bytes = new Uint8Array([0, 255, 10, 13, 0]);
      await under.files.put('a/b/odd.bin', bytes, 'application/x-odd; q=1');
      for (const files of [under.files, await under.again()]) {
        const found = await files.get('a/b/odd.bin');
        expect(found?.bytes).toEqual(bytes);
        expect(found?.contentType).toBe('application/x-odd; q=1');
        expect(await files.has('a/b/odd.bin')).toBe(true);
      }
    });

    test('an empty file can be stored', async () => {
      await under.files.put('empty.txt', new Uint8Array(0), 'text/plain');
      expect(await under.files.get('empty.txt')).toEqual({
        bytes: new Uint8Array(0),
        contentType: 'text/plain',
      });
    });

    test('get returns null for a path that was never put and for a folder', async () => {
      await under.files.put('folder/file.txt', text('x'), 'text/plain');
      expect(await under.files.get('nothing/here.txt')).toBeNull();
      expect(await under.files.get('folder')).toBeNull();
      expect(await under.files.get('folder/file.txt/below')).toBeNull();
      expect(await under.files.has('folder')).toBe(false);
    });

    test('a second put replaces the bytes; another content type throws and changes nothing', async () => {
      await under.files.put('r/one.txt', text('old and longer'), 'text/plain');
      await under.files.put('r/one.txt', text('new'), 'text/plain');
      expect((await failureOf(under.files.put('r/one.txt', text('x'), 'text/html'))).message).toContain(
        'is stored as text/plain',
      );
      expect(await under.files.get('r/one.txt')).toEqual({ bytes: text('new'), contentType: 'text/plain' });
    });

    test('list returns the paths with the prefix, sorted, without files of the store itself', async () => {
      for (const path of ['l/b.js', 'l/a.js', 'l/a/deep/c.js', 'lother.js']) {
        await under.files.put(path, text(path), 'text/odd');
      }
      expect(await under.files.list('l/')).toEqual(['l/a.js', 'l/a/deep/c.js', 'l/b.js']);
      expect(await under.files.list('l/a')).toEqual(['l/a.js', 'l/a/deep/c.js']);
      expect(await under.files.list('lo')).toEqual(['lother.js']);
      expect(await under.files.list('none/')).toEqual([]);
      expect((await under.files.list('')).filter((path) => path.includes('~'))).toEqual([]);
    });

    test('of two concurrent puts to one path, one is stored completely', async () => {
      const one = new Uint8Array(200_000).fill(1);
      const two = new Uint8Array(100_000).fill(2);
      await Promise.all(
        [one, two, one, two].map((bytes) => under.files.put('race.bin', bytes, 'application/octet-stream')),
      );
      const found = (await under.files.get('race.bin'))?.bytes ?? new Uint8Array();
      expect([one.length, two.length]).toContain(found.length);
      expect(new Set(found).size).toBe(1);
    });

    const unsafe = [
      '',
      '/',
      '/a',
      'a/',
      'a//b',
      '.',
      '..',
      'a/../b',
      'a/./b',
      'A',
      'a b',
      'a\\b',
      'ä',
      'a~b',
    ];
    test.each(unsafe)('the path %j throws', async (path) => {
      expect((await failureOf(under.files.put(path, text('x'), 'text/plain'))).message).toContain(
        'not a path',
      );
      expect((await failureOf(under.files.get(path))).message).toContain('not a path');
      expect((await failureOf(under.files.has(path))).message).toContain('not a path');
    });

    test('a path of more than 512 characters throws', async () => {
      expect((await failureOf(under.files.put('a'.repeat(513), text('x'), 'text/plain'))).message).toContain(
        'not a path',
      );
    });
  });
}
