/** Valid rows for tests; a test overrides only the columns that it is about. */
import type { ReleaseManifest } from '../../../domain/release.ts';
import type { Tx } from '../main-db.ts';
import type { EntitlementRow, HostRow, OrderRow, ResultRow } from '../schema.ts';
import { insertEntitlement } from './entitlements.ts';
import type { Release } from './releases.ts';
import { type NewRoom, createRoom } from './rooms.ts';

export function order(id: string, change: Partial<OrderRow> = {}): OrderRow {
  return {
    id,
    state: 'pending',
    secret_hash: `secret of ${id}`,
    email: 'ada@example.org',
    locale: 'en',
    currency: 'EUR',
    provider: 'till',
    session_id: null,
    created_at: 1_000,
    paid_at: null,
    ...change,
  };
}

export const line = {
  game: 'clock',
  title: 'The clock',
  quantity: 1,
  net_minor: 412,
  tax_minor: 78,
  gross_minor: 490,
  tax_rate: 1900,
};

export function entitlement(id: string, change: Partial<EntitlementRow> = {}): EntitlementRow {
  return {
    id,
    order_id: null,
    game: 'clock',
    kind: 'free',
    secret_hash: `link of ${id}`,
    secret_sealed: `sealed link of ${id}`,
    generation: 0,
    room: null,
    created_at: 1_000,
    first_played_at: null,
    ...change,
  };
}

export function room(id: string, of: string, change: Partial<NewRoom> = {}): NewRoom {
  return {
    id,
    entitlement: of,
    game: 'clock',
    rules_hash: 'rules-1',
    seed: 0xffff_ffff,
    locale: 'en',
    options: '{}',
    region: 'local',
    log: 'journal',
    created_at: 2_000,
    started_at: 2_000,
    end_token: `end of ${id}`,
    ...change,
  };
}

/** An entitlement `<id>-entitlement` and its room. */
export async function insertRoomWithEntitlement(
  tx: Tx,
  id: string,
  change: Partial<NewRoom> = {},
): Promise<void> {
  await insertEntitlement(tx, entitlement(`${id}-entitlement`));
  await createRoom(tx, room(id, `${id}-entitlement`, change));
}

export const MANIFEST: ReleaseManifest = {
  game: 'clock',
  api: 1,
  texts: { en: { title: 'The clock', tagline: '', description: '', accessibility: '' } },
  players: { min: 1, max: 4 },
  minutes: 5,
  prices: { EUR: 490 },
  free: false,
  client: 'releases/clock/client.js',
  rules: 'releases/clock/rules.js',
  styles: null,
  assets: {},
  locales: {},
  cover: '',
};

export function release(id: string, change: Partial<Release> = {}): Omit<Release, 'is_current'> {
  return {
    id,
    game: 'clock',
    rules_hash: 'rules-1',
    api: 1,
    manifest: MANIFEST,
    published_at: 1_000,
    ...change,
  };
}

export function result(of: string, change: Partial<ResultRow> = {}): ResultRow {
  return {
    room: of,
    game: 'clock',
    rules_hash: 'rules-1',
    finished: 1,
    duration_ms: 300_000,
    hints: 2,
    players: 2,
    detail: '{}',
    computed_at: 3_000,
    ...change,
  };
}

export function host(slot: string, bootId: string): HostRow {
  return {
    slot,
    boot_id: bootId,
    version: '0.1.0',
    region: 'local',
    state: 'ready',
    load: 0,
    lease_until: 10_000,
  };
}
