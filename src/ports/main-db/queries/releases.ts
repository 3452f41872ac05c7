/** Published releases of games. A release never changes; which one is current does. */
import { z } from 'zod';
import {
  manifestLimitsSchema,
  type ReleaseManifest,
  releaseManifestSchema,
} from '../../../domain/release.ts';
import type { RoomLimits } from '../../../domain/room-limits.ts';
import { parseJson } from '../../../lib/json.ts';
import type { Reader, Tx } from '../main-db.ts';
import type { ReleaseRow } from '../schema.ts';

/** A row with its manifest parsed. Queries throw if a stored manifest is not valid: it is our own, so that is a bug. */
export interface Release extends Omit<ReleaseRow, 'manifest'> {
  readonly manifest: ReleaseManifest;
}

/** Stores the release (a known id is not an error) and makes it the one that new rooms of its game get. */
export async function publishRelease(tx: Tx, release: Omit<Release, 'is_current'>): Promise<void> {
  // The current release is reset first: the index allows one per game at any moment.
  await tx
    .updateTable('releases')
    .set({ is_current: 0 })
    .where('game', '=', release.game)
    .where('is_current', '=', 1)
    .execute();
  await tx
    .insertInto('releases')
    .values({ ...release, manifest: JSON.stringify(release.manifest), is_current: 0 })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
  await tx.updateTable('releases').set({ is_current: 1 }).where('id', '=', release.id).execute();
}

/** Removes a game from the shop; its rooms stay playable. */
export async function retireGame(tx: Tx, game: string): Promise<void> {
  await tx.updateTable('releases').set({ is_current: 0 }).where('game', '=', game).execute();
}

/** The release that new rooms of the game get. */
export async function currentRelease(read: Reader, game: string): Promise<Release | null> {
  const found = await read
    .selectFrom('releases')
    .selectAll()
    .where('game', '=', game)
    .where('is_current', '=', 1)
    .executeTakeFirst();
  return found ? toRelease(found) : null;
}

/** The current release of every game in the shop, sorted by game. */
export async function currentReleases(read: Reader): Promise<readonly Release[]> {
  const rows = await read
    .selectFrom('releases')
    .selectAll()
    .where('is_current', '=', 1)
    .orderBy('game')
    .execute();
  return rows.map(toRelease);
}

/**
 * The views, texts and assets for a room that pinned these rules: the current release if it has
 * them, else the newest that does.
 */
export async function newestReleaseWithRules(
  read: Reader,
  game: string,
  rulesHash: string,
): Promise<Release | null> {
  const found = await read
    .selectFrom('releases')
    .selectAll()
    .where('game', '=', game)
    .where('rules_hash', '=', rulesHash)
    .orderBy('is_current', 'desc')
    .orderBy('published_at', 'desc')
    .orderBy('id')
    .limit(1)
    .executeTakeFirst();
  return found ? toRelease(found) : null;
}

export async function releaseById(read: Reader, id: string): Promise<Release | null> {
  const found = await read.selectFrom('releases').selectAll().where('id', '=', id).executeTakeFirst();
  return found ? toRelease(found) : null;
}

type StoredManifest = Pick<ReleaseRow, 'id' | 'game' | 'manifest'>;

/** Only the limits: after a restart thousands of rooms are loaded, and validating whole manifests takes longer. */
export function limitsOfRelease(stored: StoredManifest): Partial<RoomLimits> | undefined {
  return parseManifest(stored, manifestLimitsSchema).limits;
}

function toRelease(row: ReleaseRow): Release {
  return { ...row, manifest: parseManifest(row, releaseManifestSchema) };
}

function parseManifest<T>({ id, game, manifest }: StoredManifest, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(parseJson(manifest));
  if (parsed.success) return parsed.data;
  throw new Error(`The manifest of release ${id} of ${game} is not valid: ${z.prettifyError(parsed.error)}`);
}
