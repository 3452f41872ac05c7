/** The team whose link somebody has: what it plays, and in which words. */
import type { GameTexts, ReleaseManifest } from '../../domain/release.ts';
import { hashSecret, SECRET } from '../../domain/secret.ts';
import { entitlementBySecretHash } from '../../ports/main-db/queries/entitlements.ts';
import type { EntitlementRow } from '../../ports/main-db/schema.ts';
import type { WebContext } from './route-types.ts';
import type { ErrorCode } from './errors.ts';
import { releaseFor } from './enter-room.ts';

export interface Team {
  readonly secret: string;
  readonly entitlement: EntitlementRow;
  readonly manifest: ReleaseManifest;
  /** In the visitor's language if the game has it. */
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
  const edition = await releaseFor(db.read, entitlement);
  if (!edition) return { ok: false, code: 'link-retired' };
  const { manifest } = edition;
  const texts = manifest.texts[c.var.locale] ?? Object.values(manifest.texts)[0];
  if (!texts) throw new Error(`release ${edition.row.id} has no texts`);
  return { ok: true, team: { secret, entitlement, manifest, texts } };
}
