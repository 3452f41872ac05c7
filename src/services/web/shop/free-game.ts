/** Gives a visitor an entitlement for a free game. */
import { newId } from '../../../domain/id.ts';
import { insertEntitlement } from '../../../ports/main-db/queries/entitlements.ts';
import type { WebDeps } from '../deps.ts';
import { newLink } from '../links/team-link.ts';

/** Returns the secret of the new entitlement's link. */
export async function createFreeEntitlement(deps: WebDeps, game: string): Promise<string> {
  const id = newId(deps.world.random);
  const { secret, stored } = newLink(deps, id);
  await deps.db.write((tx) =>
    insertEntitlement(tx, {
      id,
      ...stored,
      order_id: null,
      game,
      kind: 'free',
      generation: 0,
      room: null,
      created_at: deps.world.clock.now(),
      first_played_at: null,
    }),
  );
  return secret;
}
