/** The games on offer, as pages show them. */
import type { GameTexts, ReleaseManifest } from '../../domain/release.ts';
import type { Money } from '../../domain/money.ts';
import { currentRelease, currentReleases } from '../../ports/main-db/queries/releases.ts';
import type { Reader } from '../../ports/main-db/main-db.ts';
import type { ReleaseRow } from '../../ports/main-db/schema.ts';

export interface Offer {
  readonly slug: string;
  readonly texts: GameTexts;
  /** The language `texts` are in. */
  readonly locale: string;
  readonly languages: readonly string[];
  readonly players: ReleaseManifest['players'];
  readonly minutes: number;
  readonly free: boolean;
  /** null = not for sale. */
  readonly price: Money | null;
  readonly cover: string;
}

const CURRENCY = 'EUR';
const SLUG = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** Free ones first: they are the door. */
export async function offers(read: Reader, locale: string): Promise<readonly Offer[]> {
  const rows = await currentReleases(read);
  return rows.map((row) => toOffer(row, locale)).sort((a, b) => Number(b.free) - Number(a.free));
}

export async function offer(read: Reader, slug: string, locale: string): Promise<Offer | null> {
  const row = SLUG.test(slug) ? await currentRelease(read, slug) : null;
  return row && toOffer(row, locale);
}

function toOffer(row: ReleaseRow, locale: string): Offer {
  const manifest = JSON.parse(row.manifest) as ReleaseManifest;
  const languages = Object.keys(manifest.texts);
  const spoken = languages.includes(locale) ? locale : (languages[0] ?? locale);
  const texts = manifest.texts[spoken];
  const cover = manifest.assets[manifest.cover];
  if (!texts || cover === undefined) throw new Error(`release ${row.id} has no texts or no cover`);
  return {
    slug: row.game,
    texts,
    locale: spoken,
    languages,
    players: manifest.players,
    minutes: manifest.minutes,
    free: manifest.free,
    price: priceOf(manifest),
    cover: `/files/${cover}`,
  };
}

function priceOf({ prices }: ReleaseManifest): Money | null {
  const currency = prices[CURRENCY] === undefined ? Object.keys(prices)[0] : CURRENCY;
  const minor = currency === undefined ? undefined : prices[currency];
  return currency === undefined || minor === undefined ? null : { minor, currency };
}
