/** Archive pages: one read serves all sockets that request the same page within a second. */
import { expect, test } from 'bun:test';
import { crc32 } from 'node:zlib';
import type { ChunkRow } from '../../../ports/main-db/schema.ts';
import { ArchivePages } from './archive-pages.ts';

const row = (first: number, last: number): ChunkRow => {
  const deflated = new Uint8Array([first, last]);
  return { room: 'r', first_seq: first, last_seq: last, raw_bytes: 9, deflated, crc: crc32(deflated) };
};

function setUp(rows: ChunkRow[]) {
  const state = { ms: 0, reads: 0, fails: false };
  const chunks = async (_: string, after: number): Promise<readonly ChunkRow[]> => {
    state.reads++;
    if (state.fails) throw new Error('no response');
    return rows.filter(({ last_seq: last }) => last > after);
  };
  return { state, pages: new ArchivePages({ chunks }, { now: () => 0, mono: () => state.ms }) };
}

test('fifty requests for the same page at once cost one read and get the same bytes', async () => {
  const { state, pages } = setUp([row(1, 5), row(6, 9)]);
  const found = await Promise.all(Array.from({ length: 50 }, () => pages.read('r', 0)));
  expect([state.reads, new Set(found).size]).toEqual([1, 1]);
  expect(found[0]).toMatchObject({ last: 9, more: false });
  await pages.read('r', 5);
  await pages.read('other', 0);
  expect(state.reads).toBe(3);
});

test('a page is cached for one second', async () => {
  const rows = [row(1, 5)];
  const { state, pages } = setUp(rows);
  expect(await pages.read('r', 0)).toMatchObject({ last: 5 });
  rows.push(row(6, 9));
  state.ms = 999;
  expect(await pages.read('r', 0)).toMatchObject({ last: 5 });
  state.ms = 1_000;
  expect(await pages.read('r', 0)).toMatchObject({ last: 9 });
});

test('an empty or failed read is not cached', async () => {
  const rows: ChunkRow[] = [];
  const { state, pages } = setUp(rows);
  expect(await pages.read('r', 0)).toBeNull();
  rows.push(row(1, 5));
  state.fails = true;
  expect(await pages.read('r', 0).catch(String)).toBe('Error: no response');
  state.fails = false;
  expect(await pages.read('r', 0)).toMatchObject({ last: 5 });
});

test('the cache holds 32 pages, whatever the number of rooms', async () => {
  const { state, pages } = setUp([row(1, 5)]);
  for (let room = 0; room < 40; room++) await pages.read(`r${room}`, 0);
  await pages.read('r39', 0);
  expect(state.reads).toBe(40);
  await pages.read('r0', 0);
  expect(state.reads).toBe(41);
});
