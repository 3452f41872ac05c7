/** The contract of orders, payment events, entitlements and releases on every engine. */
import { beforeAll, expect, test } from 'bun:test';
import { failureOf } from '../../../../test/support/failure.ts';
import type { MainDb, Tx } from '../main-db.ts';
import type { Pair } from '../test-database.fixture.ts';
import {
  entitlementById,
  entitlementBySecretHash,
  entitlementsByEmail,
  entitlementsByOrder,
  insertEntitlement,
  rotateLink,
} from './entitlements.ts';
import * as orders from './orders.ts';
import { recordPaymentEvent } from './payment-events.ts';
import * as releases from './releases.ts';
import { entitlement, line, MANIFEST, order, release } from './rows.fixture.ts';

export function salesContract(pair: () => Promise<Pair>): void {
  let db: MainDb;
  let other: MainDb;
  beforeAll(async () => {
    ({ one: db, two: other } = await pair());
  });
  const addOrder = (id: string, change = {}) =>
    db.write((tx) => orders.insertOrder(tx, order(id, change), [line]));

  test('an order is found by id, secret and session, with its lines in order', async () => {
    await db.write((tx) =>
      orders.insertOrder(tx, order('o1'), [line, { ...line, game: 'other', title: 'Other' }]),
    );
    expect(await db.write((tx) => orders.setOrderSession(tx, 'o1', 's1'))).toBe(true);
    const found = await orders.orderById(db.read, 'o1');
    expect(found?.lines.map(({ line: number, game }) => [number, game])).toEqual([
      [1, 'clock'],
      [2, 'other'],
    ]);
    expect(await orders.orderBySecretHash(db.read, 'secret of o1')).toEqual(found);
    expect(await orders.orderBySession(db.read, 'till', 's1')).toEqual(found);
    expect(await orders.orderBySession(db.read, 'stripe', 's1')).toBeNull();
    expect(await orders.orderById(db.read, 'o0')).toBeNull();
  });

  test('an order is refused as a whole if net and tax of a line do not add up to its gross', async () => {
    await failureOf(
      db.write((tx) => orders.insertOrder(tx, order('wrong'), [{ ...line, gross_minor: 491 }])),
    );
    expect(await orders.orderById(db.read, 'wrong')).toBeNull();
  });

  test('one checkout session belongs to one order', async () => {
    await addOrder('o2', { session_id: 's2' });
    await addOrder('o3');
    await failureOf(db.write((tx) => orders.setOrderSession(tx, 'o3', 's2')));
  });

  test('a paid order never changes its state, and a declined one may still be paid', async () => {
    await addOrder('o4');
    const change = <T>(work: (tx: Tx) => Promise<T>) => db.write(work);
    expect(await change((tx) => orders.closeOrder(tx, 'o4', 'declined'))).toBe(true);
    expect(await change((tx) => orders.reopenOrder(tx, 'o4'))).toBe(true);
    expect(await change((tx) => orders.reopenOrder(tx, 'o4'))).toBe(false);
    expect(await change((tx) => orders.closeOrder(tx, 'o4', 'cancelled'))).toBe(true);
    expect(await change((tx) => orders.markOrderPaid(tx, 'o4', 5_000))).toBe(true);
    expect(await change((tx) => orders.closeOrder(tx, 'o4', 'declined'))).toBe(false);
    expect(await change((tx) => orders.reopenOrder(tx, 'o4'))).toBe(false);
    expect(await change((tx) => orders.markOrderPaid(tx, 'o4', 6_000))).toBe(false);
    expect(await orders.orderById(db.read, 'o4')).toMatchObject({ state: 'paid', paid_at: 5_000 });
  });

  test('of concurrent fulfilments of one order exactly one creates the entitlement', async () => {
    await addOrder('o5');
    const fulfil = (from: MainDb, event_id: string) =>
      from.write(async (tx) => {
        const event = { provider: 'till', event_id, order_id: 'o5', state: 'paid', received_at: 1 };
        if (!(await recordPaymentEvent(tx, event))) return 'seen';
        if (!(await orders.markOrderPaid(tx, 'o5', 1))) return 'paid';
        await insertEntitlement(
          tx,
          entitlement(`entitlement ${event_id}`, { order_id: 'o5', secret_hash: event_id }),
        );
        return 'fulfilled';
      });
    const outcomes = await Promise.all(
      ['e1', 'e1', 'e1', 'e2', 'e2'].map((event, index) => fulfil(index % 2 === 0 ? db : other, event)),
    );
    expect(outcomes.toSorted()).toEqual(['fulfilled', 'paid', 'seen', 'seen', 'seen']);
    expect(await entitlementsByOrder(db.read, 'o5')).toHaveLength(1);
  });

  test('an event is new once per provider', async () => {
    const event = { provider: 'till', event_id: 'x', order_id: '?', state: 'paid', received_at: 1 };
    const record = (change = {}) => db.write((tx) => recordPaymentEvent(tx, { ...event, ...change }));
    expect(await record()).toBe(true);
    expect(await record({ state: 'declined' })).toBe(false);
    expect(await record({ provider: 'stripe' })).toBe(true);
  });

  test('orders are listed newest first, page by page, none twice', async () => {
    for (const id of ['p1', 'p2', 'p3', 'p4'])
      await addOrder(id, { created_at: id === 'p4' ? 9_001 : 9_000 });
    const first = await orders.listOrders(db.read, { limit: 2 });
    expect(first.map((each) => each.id)).toEqual(['p4', 'p3']);
    expect(first[0]?.lines).toHaveLength(1);
    const before = first[1];
    if (!before) throw new Error('no page');
    const second = await orders.listOrders(db.read, { limit: 2, before });
    expect(second.map((each) => each.id)).toEqual(['p2', 'p1']);
    const pending = await orders.pendingOrders(db.read, 9_000, 9_001, 10);
    expect(pending.map((each) => each.id).toSorted()).toEqual(['p1', 'p2', 'p3']);
  });

  test('a link is found by its current secret only; of concurrent rotations one succeeds', async () => {
    await db.write((tx) => insertEntitlement(tx, entitlement('e1')));
    const link = (secret: string) => ({ secret_hash: secret, secret_sealed: `sealed ${secret}` });
    const raced = await Promise.all([
      db.write((tx) => rotateLink(tx, 'e1', 0, link('new a'))),
      other.write((tx) => rotateLink(tx, 'e1', 0, link('new b'))),
    ]);
    expect(raced.toSorted()).toEqual([1, null]);
    expect(await entitlementBySecretHash(db.read, 'link of e1')).toBeNull();
    const now = await entitlementById(db.read, 'e1');
    expect(now).toMatchObject({ generation: 1, secret_hash: raced[0] === 1 ? 'new a' : 'new b' });
    expect(await entitlementBySecretHash(db.read, now?.secret_hash ?? '')).toEqual(now);
    expect(await db.write((tx) => rotateLink(tx, 'nobody', 0, link('c')))).toBeNull();
  });

  test('an address has the entitlements of its paid orders, newest first, and no others', async () => {
    const email = 'mary@example.org';
    await addOrder('m1', { email, state: 'paid' });
    await addOrder('m2', { email });
    await db.write(async (tx) => {
      await insertEntitlement(tx, entitlement('m1a', { order_id: 'm1', created_at: 1 }));
      await insertEntitlement(tx, entitlement('m1b', { order_id: 'm1', created_at: 2 }));
      await insertEntitlement(tx, entitlement('m2a', { order_id: 'm2' }));
    });
    expect((await entitlementsByEmail(db.read, email, 10)).map((each) => each.id)).toEqual(['m1b', 'm1a']);
    expect(await entitlementsByEmail(db.read, email, 1)).toHaveLength(1);
    expect(await entitlementsByEmail(db.read, 'nobody@example.org', 10)).toEqual([]);
  });

  test('a game has one current release, the last one published', async () => {
    const publish = (from: MainDb, id: string, change = {}) =>
      from.write((tx) => releases.publishRelease(tx, release(id, change)));
    await publish(db, 'r1');
    await publish(db, 'r2', { published_at: 2_000 });
    await publish(db, 'x1', { game: 'other', rules_hash: 'rules-x' });
    expect((await releases.currentRelease(db.read, 'clock'))?.id).toBe('r2');
    expect((await releases.currentReleases(db.read)).map((each) => each.id)).toEqual(['r2', 'x1']);
    await publish(db, 'r1');
    expect((await releases.currentRelease(db.read, 'clock'))?.id).toBe('r1');
    await Promise.all(['r1', 'r2', 'r3'].map((id, index) => publish(index === 1 ? other : db, id)));
    expect(await releases.currentReleases(db.read)).toHaveLength(2);
    await db.write((tx) => releases.retireGame(tx, 'other'));
    expect(await releases.currentRelease(db.read, 'other')).toBeNull();
    expect((await releases.releaseById(db.read, 'x1'))?.is_current).toBe(0);
  });

  test('a stored manifest may have keys that this version does not know; one that lacks a key is an error', async () => {
    const store = (game: string, manifest: object) => {
      const row = { ...release(`of ${game}`, { game }), manifest: JSON.stringify(manifest), is_current: 1 };
      return db.write((tx) => tx.insertInto('releases').values(row).execute());
    };
    await store('later', { ...MANIFEST, soundtrack: 'releases/later/theme.ogg', limits: { walls: 4 } });
    expect((await releases.currentRelease(db.read, 'later'))?.manifest).toEqual({ ...MANIFEST, limits: {} });
    const { client: _, ...withoutClient } = MANIFEST;
    await store('broken', withoutClient);
    const failure = await failureOf(releases.currentRelease(db.read, 'broken'));
    expect(failure.message).toContain('The manifest of release of broken of broken is not valid');
    expect(failure.message).toContain('client');
    for (const game of ['later', 'broken']) {
      await db.write((tx) => tx.deleteFrom('releases').where('game', '=', game).execute());
    }
  });

  test('a room under old rules gets the newest release that has them', async () => {
    await db.write(async (tx) => {
      await releases.publishRelease(tx, release('n1', { game: 'nine', rules_hash: 'a', published_at: 1 }));
      await releases.publishRelease(tx, release('n2', { game: 'nine', rules_hash: 'a', published_at: 2 }));
      await releases.publishRelease(tx, release('n3', { game: 'nine', rules_hash: 'b', published_at: 3 }));
    });
    const newest = async (rules: string) =>
      (await releases.newestReleaseWithRules(db.read, 'nine', rules))?.id;
    expect(await newest('a')).toBe('n2');
    expect(await newest('b')).toBe('n3');
    expect(await newest('c')).toBeUndefined();
    // n1 published again becomes current, and so the first of its rules, although it is older than n2.
    await db.write((tx) =>
      releases.publishRelease(tx, release('n1', { game: 'nine', rules_hash: 'a', published_at: 4 })),
    );
    expect(await newest('a')).toBe('n1');
  });
}
