/** A data folder with many rooms, as if as many teams had bought and entered, and their tickets. */
import { join } from 'node:path';
import { signPass } from '../../src/domain/pass.ts';
import { socketPath } from '../../src/domain/room.ts';
import { openKeyring } from '../../src/lib/keyring.real.ts';
import { realWorld } from '../../src/lib/world.real.ts';
import { openSqlite } from '../../src/ports/main-db/main-db.sqlite.ts';

export interface PlayerPlace {
  readonly path: string;
  readonly ticket: string;
}

const TICKET_MS = 3_600_000;
const ROOMS_PER_STATEMENT = 500;

export async function makeRooms(dataDir: string, rooms: number, players: number): Promise<PlayerPlace[][]> {
  const keyring = openKeyring(dataDir, realWorld.random.bytes);
  if (!keyring.ok) throw new Error(keyring.why);
  const db = await openSqlite({
    path: join(dataDir, 'main.sqlite'),
    onLost: (error) => {
      throw error;
    },
  });
  const now = realWorld.clock.now();
  const ids = Array.from({ length: rooms }, (_, index) => `bench${String(index).padStart(15, '0')}`);
  await db.write(async (tx) => {
    for (let from = 0; from < rooms; from += ROOMS_PER_STATEMENT) {
      const part = ids.slice(from, from + ROOMS_PER_STATEMENT);
      await tx
        .insertInto('entitlements')
        .values(part.map((id) => entitlement(id, now)))
        .execute();
      await tx
        .insertInto('rooms')
        .values(part.map((id) => room(id, now)))
        .execute();
    }
  });
  await db.close();
  const expires = now + TICKET_MS;
  return ids.map((id) =>
    Array.from({ length: players }, (_, index) => {
      const claims = {
        room: id,
        seat: index + 1,
        observer: false,
        device: `${index}`,
        generation: 0,
        expires,
      };
      return { path: socketPath('h1', id), ticket: signPass(claims, keyring.keys.pass) };
    }),
  );
}

function entitlement(id: string, now: number) {
  return {
    id: `e-${id}`,
    order_id: null,
    game: 'bench',
    kind: 'free' as const,
    secret_hash: id,
    secret_sealed: '',
    generation: 0,
    room: id,
    created_at: now,
    first_played_at: null,
  };
}

function room(id: string, now: number) {
  return {
    id,
    entitlement: `e-${id}`,
    game: 'bench',
    rules_hash: 'bench',
    seed: 1,
    locale: 'en',
    options: '{}',
    region: 'local',
    log: 'journal',
    created_at: now,
    started_at: now,
    archived_upto: 0,
    archived_epoch: 0,
    archived_ms: 0,
    finished_at: null,
    end_token: id,
    quarantined: null,
  };
}
