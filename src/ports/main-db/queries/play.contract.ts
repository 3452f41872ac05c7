/** The contract of rooms, seats, results and reports on every engine. */
import { beforeAll, expect, test } from 'bun:test';
import { failureOf } from '../../../../test/support/failure.ts';
import type { RoomLimits } from '../../../domain/room-limits.ts';
import type { MainDb, Tx } from '../main-db.ts';
import type { Pair } from '../test-database.fixture.ts';
import { entitlementById, insertEntitlement } from './entitlements.ts';
import { publishRelease } from './releases.ts';
import { REPORTS_MAX, countReports, insertReports, newestReports } from './reports.ts';
import { finishedDurations, resultByRoom, storeResult } from './results.ts';
import * as rooms from './rooms.ts';
import { entitlement, MANIFEST, release, result, room, insertRoomWithEntitlement } from './rows.fixture.ts';
import * as seats from './seats.ts';

export function playContract(pair: () => Promise<Pair>): void {
  let db: MainDb;
  let other: MainDb;
  beforeAll(async () => {
    ({ one: db, two: other } = await pair());
  });

  const request = (of: string, device: string, max = 4) => ({
    entitlement: of,
    device_hash: device,
    name: `Name ${device}`,
    colour: '#112233',
    generation: 3,
    taken_at: 7,
    max,
  });
  const take = (from: MainDb, of: string, device: string, max = 4) =>
    from.write((tx) => seats.assignSeat(tx, request(of, device, max)));

  test('when several players press Enter at once, one room is created and all get it', async () => {
    await db.write((tx) => insertEntitlement(tx, entitlement('e1')));
    const enter = (from: MainDb, id: string) => from.write((tx) => rooms.createRoom(tx, room(id, 'e1')));
    const made = await Promise.all([enter(db, 'ra'), enter(other, 'rb'), enter(db, 'rc')]);
    expect(made.filter((each) => each.created)).toHaveLength(1);
    const [{ room: the }] = made;
    expect(made.every((each) => each.room.id === the.id)).toBe(true);
    expect((await entitlementById(db.read, 'e1'))?.room).toBe(the.id);
    expect(await rooms.roomByEntitlement(db.read, 'e1')).toEqual(the);
    expect(await rooms.roomById(db.read, the.id)).toEqual(the);
    expect(await rooms.roomByEndToken(db.read, the.end_token)).toEqual(the);
    expect(await rooms.roomByEndToken(db.read, 'nothing')).toBeNull();
  });

  test('a room needs an entitlement', async () => {
    await failureOf(db.write((tx) => rooms.createRoom(tx, room('alone', 'nobody'))));
  });

  test('a new room is loaded with its generation, an empty archive and no owner', async () => {
    await db.write((tx) => insertRoomWithEntitlement(tx, 'fresh'));
    expect(await rooms.loadRoom(db, 'fresh')).toMatchObject({
      room: { id: 'fresh', archived_upto: 0, seed: 0xffff_ffff },
      generation: 0,
      epochs: [],
      clients: [],
      owner: null,
    });
    expect(await rooms.loadRoom(db, 'nowhere')).toBeNull();
  });

  test('a room is loaded with the limits of the newest release that has its rules', async () => {
    const game = 'limited';
    const publish = (id: string, rules_hash: string, limits: Partial<RoomLimits>) =>
      db.write((tx) =>
        publishRelease(tx, release(id, { game, rules_hash, manifest: { ...MANIFEST, limits } })),
      );
    await db.write((tx) => insertRoomWithEntitlement(tx, 'limits', { game, rules_hash: 'old' }));
    expect((await rooms.loadRoom(db, 'limits'))?.limits).toBeUndefined();
    await publish('limited-1', 'old', { messageRate: 5 });
    await publish('limited-2', 'new', { messageRate: 50 });
    expect((await rooms.loadRoom(db, 'limits'))?.limits).toEqual({ messageRate: 5 });
  });

  test('many rooms can be loaded concurrently', async () => {
    const loaded = await Promise.all(Array.from({ length: 50 }, () => rooms.loadRoom(db, 'fresh')));
    expect(loaded.every((each) => each?.room.id === 'fresh')).toBe(true);
  });

  test('a room is loaded with its seats and with the limits of its release', async () => {
    const publish = (tx: Tx, id: string, rules: string, messageRate: number) => {
      const manifest = { ...MANIFEST, limits: { messageRate } };
      return publishRelease(tx, release(id, { game: 'limited', rules_hash: rules, manifest }));
    };
    await db.write(async (tx) => {
      await publish(tx, 'limited-old', 'r1', 5);
      await publish(tx, 'limited-new', 'r1', 7);
      await publish(tx, 'limited-other', 'r2', 9);
      await insertRoomWithEntitlement(tx, 'seated', { game: 'limited', rules_hash: 'r1' });
    });
    expect(await rooms.loadRoom(db, 'seated')).toMatchObject({
      seats: [],
      archivedBytes: 0,
      limits: { messageRate: 7 },
    });
  });

  test('the owner is changed only if it is the one that the caller read', async () => {
    const owner = { room: 'fresh', slot: 'h1', boot_id: 'b1', epoch: 5 };
    const set = (from: MainDb, to: typeof owner, was: typeof owner | null) =>
      from.write((tx) => rooms.setOwner(tx, to, was));
    const first = await Promise.all([set(db, owner, null), set(other, { ...owner, slot: 'h2' }, null)]);
    expect(first.toSorted()).toEqual([false, true]);
    const held = await rooms.ownerOf(db.read, 'fresh');
    const next = { ...owner, slot: 'h3', epoch: 6 };
    expect(await set(db, next, { ...owner, boot_id: 'b0' })).toBe(false);
    const moved = await Promise.all([set(db, next, held), set(other, { ...next, slot: 'h4' }, held)]);
    expect(moved.toSorted()).toEqual([false, true]);
    expect((await rooms.loadRoom(db, 'fresh'))?.owner?.epoch).toBe(6);
  });

  test('a quarantined room keeps its first reason', async () => {
    const quarantine = (why: string, archivedUpto?: number) =>
      db.write((tx) => rooms.quarantineRoom(tx, 'fresh', why, archivedUpto));
    expect(await quarantine('seen at another head', 7)).toBe(false);
    expect(await quarantine('a gap', 0)).toBe(true);
    expect(await quarantine('another')).toBe(false);
    expect((await rooms.roomById(db.read, 'fresh'))?.quarantined).toBe('a gap');
  });

  test('a device gets the lowest free seat, once', async () => {
    await db.write((tx) => insertRoomWithEntitlement(tx, 's1'));
    const of = 's1-entitlement';
    expect(await take(db, of, 'a')).toMatchObject({ ok: true, taken: true, seat: { seat: 1, ready: 0 } });
    expect(await take(db, of, 'b')).toMatchObject({ ok: true, taken: true, seat: { seat: 2 } });
    expect(await take(db, of, 'a')).toMatchObject({ ok: true, taken: false, seat: { seat: 1 } });
    expect(await db.write((tx) => seats.leaveSeat(tx, of, 'a'))).toBe(true);
    expect(await db.write((tx) => seats.leaveSeat(tx, of, 'a'))).toBe(false);
    expect(await take(db, of, 'c')).toMatchObject({ ok: true, taken: true, seat: { seat: 1 } });
    expect((await seats.seatsOf(db.read, of)).map((each) => each.device_hash)).toEqual(['c', 'b']);
    expect(await seats.seatsOfRoom(db.read, 's1')).toEqual(await seats.seatsOf(db.read, of));
    expect((await seats.seatOfDevice(db.read, of, 'b'))?.seat).toBe(2);
  });

  test('of six devices at once four get a seat each, and two are refused as full', async () => {
    await db.write((tx) => insertRoomWithEntitlement(tx, 's2'));
    const outcomes = await Promise.all(
      ['a', 'b', 'c', 'd', 'e', 'f'].map((device, index) =>
        take(index % 2 === 0 ? db : other, 's2-entitlement', device),
      ),
    );
    const taken = outcomes.flatMap((each) => (each.ok ? [each.seat.seat] : []));
    expect(new Set(taken)).toEqual(new Set([1, 2, 3, 4]));
    expect(outcomes.filter((each) => !each.ok)).toEqual([
      { ok: false, why: 'full' },
      { ok: false, why: 'full' },
    ]);
  });

  test('an offline seat goes to one of two devices that claim it, with name and colour', async () => {
    const claim = (from: MainDb, device: string, was = 'a') =>
      from.write((tx) =>
        seats.claimSeat(tx, {
          entitlement: 's3-entitlement',
          seat: 1,
          from_device_hash: was,
          device_hash: device,
          generation: 4,
          now: 9,
        }),
      );
    await db.write((tx) => insertRoomWithEntitlement(tx, 's3'));
    await take(db, 's3-entitlement', 'a');
    await take(db, 's3-entitlement', 'b');
    expect(await claim(db, 'b')).toEqual({ ok: false, why: 'has-seat' });
    const raced = await Promise.all([claim(db, 'x'), claim(other, 'y')]);
    expect(raced.filter((each) => each.ok)).toHaveLength(1);
    expect(raced).toContainEqual({ ok: false, why: 'changed' });
    const [seat] = await seats.seatsOf(db.read, 's3-entitlement');
    expect(seat).toMatchObject({
      seat: 1,
      name: 'Name a',
      generation: 4,
      taken_at: 9,
      device_hash: raced[0].ok ? 'x' : 'y',
    });
  });

  test('only the holder can change a seat', async () => {
    const update = (device: string, change: Parameters<typeof seats.updateSeat>[3]) =>
      db.write((tx) => seats.updateSeat(tx, 's2-entitlement', device, change));
    const [holder] = await seats.seatsOf(db.read, 's2-entitlement');
    expect(await update('stranger', { name: 'Eve' })).toBe(false);
    expect(await update(holder?.device_hash ?? '', { name: 'Ann', ready: 1 })).toBe(true);
    expect(await update(holder?.device_hash ?? '', {})).toBe(true);
    const [changed] = await seats.seatsOf(db.read, 's2-entitlement');
    expect(changed).toMatchObject({ name: 'Ann', ready: 1, colour: '#112233' });
  });

  test('a result replaces the previous one; teams are compared under the same rules only', async () => {
    const durations = { d1: 500, d2: 300, d3: 400, d4: 1 };
    await db.write(async (tx) => {
      for (const [id, duration_ms] of Object.entries(durations)) {
        await insertRoomWithEntitlement(tx, id);
        await storeResult(tx, result(id, { duration_ms, finished: id === 'd4' ? 0 : 1 }));
      }
      await insertRoomWithEntitlement(tx, 'd5');
      await storeResult(tx, result('d5', { rules_hash: 'rules-2' }));
      await storeResult(tx, result('d1', { duration_ms: 600, detail: '{"again":true}' }));
    });
    expect(await finishedDurations(db.read, 'clock', 'rules-1', 'd3')).toEqual([300, 600]);
    expect(await resultByRoom(db.read, 'd1')).toMatchObject({ duration_ms: 600, detail: '{"again":true}' });
    expect(await resultByRoom(db.read, 'nowhere')).toBeNull();
  });

  test('reports are stored in bounded batches and counted by kind', async () => {
    const report = (kind: string, reported_at: number) => ({
      room: 'r',
      release: 'x',
      kind,
      detail: '{}',
      reported_at,
    });
    await db.write((tx) =>
      insertReports(tx, [report('error', 1), report('error', 5), report('reconnect', 6)]),
    );
    await db.write((tx) => insertReports(tx, []));
    expect(await countReports(db.read, 5)).toEqual([
      { kind: 'error', count: 1 },
      { kind: 'reconnect', count: 1 },
    ]);
    expect((await newestReports(db.read, 2)).map((each) => each.kind)).toEqual(['reconnect', 'error']);
    const many = Array.from({ length: REPORTS_MAX + 1 }, () => report('flood', 7));
    await failureOf(db.write((tx) => insertReports(tx, many)));
  });
}
