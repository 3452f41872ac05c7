/**
 * The types of the tables, which the migrations create. The same on SQLite and PostgreSQL: times are
 * wall clock milliseconds; money is integer minor units in the order's currency; ids are text;
 * booleans are 0 and 1; JSON is text.
 */
import type { Generated } from 'kysely';

export interface Schema {
  releases: ReleaseRow;
  orders: OrderRow;
  order_lines: OrderLineRow;
  payment_events: PaymentEventRow;
  entitlements: EntitlementRow;
  rooms: RoomRow;
  hosts: HostRow;
  room_owners: RoomOwnerRow;
  seats: SeatRow;
  chunks: ChunkRow;
  room_epochs: RoomEpochRow;
  room_clients: RoomClientRow;
  results: ResultRow;
  jobs: JobRow;
  client_reports: ClientReportRow;
}

/** A published, immutable release of a game. */
export interface ReleaseRow {
  /** Content hash of the whole release. */
  id: string;
  game: string;
  /** Content hash of the built rules; rooms pin it. */
  rules_hash: string;
  /** The API level the release was written for. */
  api: number;
  /** JSON: `ReleaseManifest` in domain/release.ts. Parsed by `queries/releases.ts`. */
  manifest: string;
  /** 1 for the release that new rooms of the game get. */
  is_current: number;
  published_at: number;
}

export interface OrderRow {
  id: string;
  /** Transitions: domain/order.ts. */
  state: 'pending' | 'paid' | 'declined' | 'cancelled';
  /** SHA-256 (hex) of the secret in the address of the buyer's page. */
  secret_hash: string;
  email: string;
  locale: string;
  currency: string;
  provider: string;
  session_id: string | null;
  created_at: number;
  paid_at: number | null;
}

/** Totals of orders are sums of lines and are not stored. */
export interface OrderLineRow {
  order_id: string;
  line: number;
  game: string;
  title: string;
  quantity: number;
  net_minor: number;
  tax_minor: number;
  gross_minor: number;
  /** Parts per 10,000: 1900 = 19 %. */
  tax_rate: number;
}

/** Every event of the payment provider is stored once, under its own id, before it has an effect. */
export interface PaymentEventRow {
  provider: string;
  event_id: string;
  order_id: string;
  state: string;
  received_at: number;
}

/** The right to play a game; the secret of its link is a capability. */
export interface EntitlementRow {
  id: string;
  order_id: string | null;
  game: string;
  kind: 'bought' | 'given' | 'free';
  /** SHA-256 (hex) of the link secret, to find the link. */
  secret_hash: string;
  /** The secret, AES-256-GCM under the installation's key (base64url), to send the link again. */
  secret_sealed: string;
  /** Incremented when the link is rotated. */
  generation: number;
  room: string | null;
  created_at: number;
  first_played_at: number | null;
}

export interface RoomRow {
  id: string;
  entitlement: string;
  game: string;
  rules_hash: string;
  /** 32-bit unsigned. */
  seed: number;
  locale: string;
  /** JSON of the game's options. */
  options: string;
  region: string;
  /** The store that holds the live tail. */
  log: string;
  created_at: number;
  /** Wall clock ms of the records' ms 0. */
  started_at: number;
  /** Everything up to this seq is in chunks. */
  archived_upto: number;
  archived_epoch: number;
  archived_ms: number;
  finished_at: number | null;
  /** A capability: opens the end page. */
  end_token: string;
  /** The reason, set when log and archive disagree: the room cannot be played until the studio has checked it. */
  quarantined: string | null;
}

export interface HostRow {
  slot: string;
  boot_id: string;
  version: string;
  region: string;
  state: 'ready' | 'draining' | 'dead';
  /** Number of open rooms. */
  load: number;
  lease_until: number;
}

export interface RoomOwnerRow {
  room: string;
  slot: string;
  boot_id: string;
  epoch: number;
}

/** Seats belong to the entitlement: they are assigned in the lobby, before the room exists. */
export interface SeatRow {
  entitlement: string;
  /** 1, 2, 3 … */
  seat: number;
  name: string;
  colour: string;
  /** SHA-256 (hex) of the device token that holds the seat. */
  device_hash: string;
  /** The link's generation when the holder last used it: a rotated link gives no access. */
  generation: number;
  ready: number;
  taken_at: number;
}

/** 1 … 256 records, deflated once and sent to clients as stored. */
export interface ChunkRow {
  room: string;
  first_seq: number;
  last_seq: number;
  /** Bytes before compression. */
  raw_bytes: number;
  deflated: Uint8Array;
  /** CRC-32 of `deflated`. */
  crc: number;
}

/** Where each epoch of a room began. */
export interface RoomEpochRow {
  room: string;
  epoch: number;
  first_seq: number;
}

/** The deduplication state: last archived client seq per client. */
export interface RoomClientRow {
  room: string;
  number: number;
  /** 16 bytes. */
  client_id: Uint8Array;
  seat: number;
  last_seq: number;
}

export interface ResultRow {
  room: string;
  game: string;
  rules_hash: string;
  /** 1 = the team reached the end. */
  finished: number;
  duration_ms: number;
  hints: number;
  players: number;
  /** JSON: `RoomResult` in domain/result.ts. */
  detail: string;
  computed_at: number;
}

export interface JobRow {
  id: Generated<number>;
  kind: string;
  key: string;
  payload: string;
  state: 'ready' | 'leased' | 'done' | 'dead';
  run_at: number;
  attempts: number;
  max_attempts: number;
  lease_token: string | null;
  lease_until: number;
  last_error: string | null;
  created_at: number;
}

/** Reports of players' pages: errors, reconnects and their causes. */
export interface ClientReportRow {
  id: Generated<number>;
  room: string;
  release: string;
  kind: string;
  detail: string;
  reported_at: number;
}
