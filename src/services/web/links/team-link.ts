/**
 * The secret link of an entitlement, which permits playing. Its secret is stored hashed, to find the entitlement, and
 * sealed, to send the link again.
 */
import { hashSecret, newSecret, seal, unseal } from '../../../domain/secret.ts';
import { rotateLink } from '../../../ports/main-db/queries/entitlements.ts';
import { ownerOf } from '../../../ports/main-db/queries/rooms.ts';
import type { EntitlementRow } from '../../../ports/main-db/schema.ts';
import type { WebDeps } from '../deps.ts';

interface NewLink {
  /** Put in the link's address; never stored as it is. */
  readonly secret: string;
  /** The columns of the entitlement's row. */
  readonly stored: { readonly secret_hash: string; readonly secret_sealed: string };
}

/** Creates a new link for the entitlement with this id. */
export function newLink({ keys, world }: Pick<WebDeps, 'keys' | 'world'>, entitlement: string): NewLink {
  const secret = newSecret(world.random);
  const secret_sealed = seal(secret, keys.seal, entitlement, world.random);
  return { secret, stored: { secret_hash: hashSecret(secret), secret_sealed } };
}

/** Returns the link's secret. */
export function unsealLink({ keys }: Pick<WebDeps, 'keys'>, entitlement: EntitlementRow): string {
  const secret = unseal(entitlement.secret_sealed, keys.seal, entitlement.id);
  if (secret === null) throw new Error(`the link of ${entitlement.id} is sealed under another key`);
  return secret;
}

/** Replaces the link: the old one is unknown from now on, and the room closes the sockets opened with its passes. */
export async function replaceLink(deps: WebDeps, entitlement: EntitlementRow): Promise<void> {
  const { id, generation: from, room } = entitlement;
  const { stored } = newLink(deps, id);
  const generation = await deps.db.write((tx) => rotateLink(tx, id, from, stored));
  if (generation === null || room === null) return;
  const owner = await ownerOf(deps.db.read, room);
  if (owner) await deps.control.send(owner.slot, { kind: 'generation', room, generation });
}
