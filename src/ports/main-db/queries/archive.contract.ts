/** The contract of the archive of rooms on every engine (I10). */
import { beforeAll, expect, test } from 'bun:test';
import { failureOf } from '../../../../test/support/failure.ts';
import type { MainDb } from '../main-db.ts';
import type { Pair } from '../test-database.fixture.ts';
import { type ArchiveStep, archiveChunks, archiveState, readChunks } from './archive.ts';
import { entitlementById } from './entitlements.ts';
import { loadRoom } from './rooms.ts';
import { insertRoomWithEntitlement } from './rows.fixture.ts';

const id = (byte: number) => new Uint8Array(16).fill(byte);
const chunk = (first_seq: number, last_seq: number, fill = 1) => ({
  first_seq,
  last_seq,
  raw_bytes: 100,
  deflated: new Uint8Array(10).fill(fill),
  crc: 7,
});

function step(room: string, from: number, to: number, change: Partial<ArchiveStep> = {}): ArchiveStep {
  return {
    room,
    from,
    chunks: [chunk(from + 1, to)],
    to: { seq: to, epoch: 5, ms: to * 10 },
    epochs: [],
    clients: [],
    firstMoveAt: null,
    finishedAt: null,
    ...change,
  };
}

export function archiveContract(pair: () => Promise<Pair>): void {
  let db: MainDb;
  let other: MainDb;
  beforeAll(async () => {
    ({ one: db, two: other } = await pair());
    await db.write(async (tx) => {
      for (const room of ['a', 'b', 'c', 'd']) await insertRoomWithEntitlement(tx, room);
    });
  });
  const archive = (from: MainDb, what: ArchiveStep) => from.write((tx) => archiveChunks(tx, what));

  test('[I10] chunks, head, epochs and clients are stored in one step and can be loaded', async () => {
    const clients = [
      { number: 1, client_id: id(1), seat: 1, last_seq: 3 },
      { number: 2, client_id: id(2), seat: 2, last_seq: 1 },
    ];
    const chunks = [chunk(1, 4), chunk(5, 10)];
    expect(
      await archive(db, step('a', 0, 10, { chunks, clients, epochs: [{ epoch: 5, firstSeq: 1 }] })),
    ).toBe(true);
    const later = step('a', 10, 12, {
      to: { seq: 12, epoch: 6, ms: 130 },
      clients: [{ number: 2, client_id: id(2), seat: 2, last_seq: 4 }],
      epochs: [{ epoch: 6, firstSeq: 11 }],
    });
    expect(await archive(other, later)).toBe(true);
    expect(await loadRoom(db, 'a')).toMatchObject({
      room: { archived_upto: 12, archived_epoch: 6, archived_ms: 130 },
      epochs: [
        { epoch: 5, firstSeq: 1 },
        { epoch: 6, firstSeq: 11 },
      ],
      clients: [
        { number: 1, client_id: id(1), seat: 1, last_seq: 3 },
        { number: 2, client_id: id(2), seat: 2, last_seq: 4 },
      ],
    });
  });

  test('archiveState returns the head and the clients, also of a room without clients', async () => {
    const loaded = await loadRoom(db, 'a');
    const state = await archiveState(db.read, 'a');
    expect(loaded?.room).toMatchObject({ ...state?.room });
    expect(loaded?.clients).toEqual(state?.clients.map((client) => ({ room: 'a', ...client })) ?? []);
    expect(await archiveState(db.read, 'b')).toEqual({
      room: {
        id: 'b',
        started_at: 2_000,
        archived_upto: 0,
        archived_epoch: 0,
        archived_ms: 0,
        finished_at: null,
        quarantined: null,
      },
      firstPlayedAt: null,
      clients: [],
    });
    expect(await archiveState(db.read, 'nowhere')).toBeNull();
  });

  test('chunks are read from a seq on, in order, in pages', async () => {
    const seqs = async (after: number, limit: number) =>
      (await readChunks(db.read, 'a', after, limit)).map((each) => [each.first_seq, each.last_seq]);
    expect(await seqs(0, 10)).toEqual([
      [1, 4],
      [5, 10],
      [11, 12],
    ]);
    expect(await seqs(3, 2)).toEqual([
      [1, 4],
      [5, 10],
    ]);
    expect(await seqs(4, 1)).toEqual([[5, 10]]);
    expect(await seqs(12, 10)).toEqual([]);
    expect((await loadRoom(db, 'a'))?.archivedBytes).toBe(300);
    expect((await readChunks(db.read, 'a', 0, 1))[0]).toEqual({ room: 'a', ...chunk(1, 4) });
  });

  test('[I10] of concurrent archivers one moves the head; the others change nothing', async () => {
    const raced = await Promise.all([
      archive(db, step('b', 0, 5)),
      archive(other, step('b', 0, 7)),
      archive(db, step('b', 0, 6)),
    ]);
    expect(raced.filter(Boolean)).toHaveLength(1);
    const chunks = await readChunks(db.read, 'b', 0, 10);
    expect(chunks).toHaveLength(1);
    expect((await loadRoom(db, 'b'))?.room.archived_upto).toBe(chunks[0]?.last_seq ?? -1);
  });

  test('[I10] a step from an old head, or of an unknown room, writes nothing', async () => {
    expect(await archive(db, step('b', 0, 50))).toBe(false);
    expect(await archive(db, step('nowhere', 0, 1))).toBe(false);
    expect(await readChunks(db.read, 'b', 0, 10)).toHaveLength(1);
  });

  test('[I10] chunks with a gap between them, or that do not end at the new head, throw', async () => {
    const gap = [chunk(1, 2), chunk(4, 5)];
    expect((await failureOf(archive(db, step('c', 0, 5, { chunks: gap })))).message).toContain('follow');
    await failureOf(archive(db, step('c', 0, 5, { chunks: [chunk(1, 4)] })));
    await failureOf(archive(db, step('c', 0, 0, { chunks: [] })));
    expect((await loadRoom(db, 'c'))?.room.archived_upto).toBe(0);
  });

  test('the first move marks the entitlement as played, the first finish marks the room as finished', async () => {
    await archive(db, step('d', 0, 1));
    expect((await entitlementById(db.read, 'd-entitlement'))?.first_played_at).toBeNull();
    await archive(db, step('d', 1, 2, { firstMoveAt: 100 }));
    await archive(db, step('d', 2, 3, { firstMoveAt: 200, finishedAt: 300 }));
    await archive(db, step('d', 3, 4, { finishedAt: 400 }));
    await archive(db, step('d', 4, 5));
    expect((await entitlementById(db.read, 'd-entitlement'))?.first_played_at).toBe(100);
    expect((await archiveState(db.read, 'd'))?.firstPlayedAt).toBe(100);
    expect((await loadRoom(db, 'd'))?.room.finished_at).toBe(300);
  });
}
