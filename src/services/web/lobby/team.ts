/** Finds the team of a link, with the game it plays and the game's texts. */
import type { GameTexts, ReleaseManifest } from '../../../domain/release.ts';
import { hashSecret, SECRET } from '../../../domain/secret.ts';
import { entitlementBySecretHash } from '../../../ports/main-db/queries/entitlements.ts';
import type { EntitlementRow } from '../../../ports/main-db/schema.ts';
import type { WebContext } from '../http/route-types.ts';
import type { ErrorCode } from '../errors.ts';
import { releaseOfEntitlement } from '../play/played-release.ts';

export interface Team {
  readonly secret: string;
  readonly entitlement: EntitlementRow;
  readonly manifest: ReleaseManifest;
  /** In the visitor's language if the game has it, otherwise in its first language. */
  readonly texts: GameTexts;
}

export type TeamOutcome =
  | { readonly ok: true; readonly team: Team }
  | { readonly ok: false; readonly code: Extract<ErrorCode, 'link-unknown' | 'link-retired'> };

export async function findTeam(c: WebContext, secret: string): Promise<TeamOutcome> {
  const { db } = c.var.deps;
  if (!SECRET.test(secret)) return { ok: false, code: 'link-unknown' };
  const entitlement = await entitlementBySecretHash(db.read, hashSecret(secret));
  if (!entitlement) return { ok: false, code: 'link-unknown' };
  const release = await releaseOfEntitlement(db.read, entitlement);
  if (!release) return { ok: false, code: 'link-retired' };
  const { manifest } = release;
  const texts = manifest.texts[c.var.locale] ?? Object.values(manifest.texts)[0];
  if (!texts) throw new Error(`release ${release.id} has no texts`);
  return { ok: true, team: { secret, entitlement, manifest, texts } };
}
