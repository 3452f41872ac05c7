/** Published releases of games. A release never changes; which one is current does. */
import type { Reader, Tx } from '../main-db.ts';
import type { ReleaseRow } from '../schema.ts';

/** Stores the release (a known id is no error) and makes it the one that new rooms of its game get. */
export async function publishRelease(tx: Tx, release: Omit<ReleaseRow, 'is_current'>): Promise<void> {
  // First all of them down: the index allows one current release per game at any moment.
  await tx
    .updateTable('releases')
    .set({ is_current: 0 })
    .where('game', '=', release.game)
    .where('is_current', '=', 1)
    .execute();
  await tx
    .insertInto('releases')
    .values({ ...release, is_current: 0 })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
  await tx.updateTable('releases').set({ is_current: 1 }).where('id', '=', release.id).execute();
}

/** Takes a game from the shop; its rooms stay playable. */
export async function retireGame(tx: Tx, game: string): Promise<void> {
  await tx.updateTable('releases').set({ is_current: 0 }).where('game', '=', game).execute();
}

/** The release that new rooms of the game get. */
export async function currentRelease(read: Reader, game: string): Promise<ReleaseRow | null> {
  const found = await read
    .selectFrom('releases')
    .selectAll()
    .where('game', '=', game)
    .where('is_current', '=', 1)
    .executeTakeFirst();
  return found ?? null;
}

/** Every game on offer, by its name in addresses. */
export async function currentReleases(read: Reader): Promise<readonly ReleaseRow[]> {
  return read.selectFrom('releases').selectAll().where('is_current', '=', 1).orderBy('game').execute();
}

/**
 * The views, texts and assets for a room that pinned these rules: the current release if it has
 * them, else the newest that does.
 */
export async function newestReleaseWithRules(
  read: Reader,
  game: string,
  rulesHash: string,
): Promise<ReleaseRow | null> {
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
  return found ?? null;
}

export async function releaseById(read: Reader, id: string): Promise<ReleaseRow | null> {
  const found = await read.selectFrom('releases').selectAll().where('id', '=', id).executeTakeFirst();
  return found ?? null;
}
