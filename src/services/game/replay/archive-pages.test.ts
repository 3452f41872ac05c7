/** Pages of the archive: read once for all who come at the same moment, and never stale for long. */
import { expect, test } from 'bun:test';
import { crc32 } from 'node:zlib';
import type { ChunkRow } from '../../../ports/main-db/schema.ts';
import { ArchivePages } from './archive-pages.ts';

const row = (first: number, last: number): ChunkRow => {
  const deflated = new Uint8Array([first, last]);
  return { room: 'r', first_seq: first, last_seq: last, raw_bytes: 9, deflated, crc: crc32(deflated) };
};

function bench(rows: ChunkRow[]) {
  const world = { ms: 0, reads: 0, fails: false };
  const chunks = async (_: string, after: number): Promise<readonly ChunkRow[]> => {
    world.reads++;
    if (world.fails) throw new Error('no answer');
    return rows.filter(({ last_seq: last }) => last > after);
  };
  return { world, pages: new ArchivePages({ chunks }, { now: () => 0, mono: () => world.ms }) };
}

test('fifty who ask for the same at one moment cost one read, and get the same bytes', async () => {
  const { world, pages } = bench([row(1, 5), row(6, 9)]);
  const found = await Promise.all(Array.from({ length: 50 }, () => pages.read('r', 0)));
  expect([world.reads, new Set(found).size]).toEqual([1, 1]);
  expect(found[0]).toMatchObject({ last: 9, more: false });
  await pages.read('r', 5);
  await pages.read('other', 0);
  expect(world.reads).toBe(3);
});

test('a page is kept for a moment only', async () => {
  const rows = [row(1, 5)];
  const { world, pages } = bench(rows);
  expect(await pages.read('r', 0)).toMatchObject({ last: 5 });
  rows.push(row(6, 9));
  world.ms = 999;
  expect(await pages.read('r', 0)).toMatchObject({ last: 5 });
  world.ms = 1_000;
  expect(await pages.read('r', 0)).toMatchObject({ last: 9 });
});

test('what is not there yet, or failed, is read again at once', async () => {
  const rows: ChunkRow[] = [];
  const { world, pages } = bench(rows);
  expect(await pages.read('r', 0)).toBeNull();
  rows.push(row(1, 5));
  world.fails = true;
  expect(await pages.read('r', 0).catch(String)).toBe('Error: no answer');
  world.fails = false;
  expect(await pages.read('r', 0)).toMatchObject({ last: 5 });
});

test('however many rooms are replayed, few pages are kept', async () => {
  const { world, pages } = bench([row(1, 5)]);
  for (let room = 0; room < 40; room++) await pages.read(`r${room}`, 0);
  await pages.read('r39', 0);
  expect(world.reads).toBe(40);
  await pages.read('r0', 0);
  expect(world.reads).toBe(41);
});
