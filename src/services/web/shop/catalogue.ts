/** The games in the shop, as its pages show them. */
import type { GameTexts, ReleaseManifest } from '../../../domain/release.ts';
import type { Money } from '../../../domain/money.ts';
import { currentRelease, currentReleases, type Release } from '../../../ports/main-db/queries/releases.ts';
import type { Reader } from '../../../ports/main-db/main-db.ts';

export interface ShopGame {
  readonly slug: string;
  readonly texts: GameTexts;
  /** The language of `texts`: the visitor's if the game has it, otherwise the game's first. */
  readonly locale: string;
  readonly languages: readonly string[];
  readonly players: ReleaseManifest['players'];
  readonly minutes: number;
  readonly free: boolean;
  /** In EUR if the game has such a price, otherwise in its first currency; null = not for sale. */
  readonly price: Money | null;
  readonly cover: string;
}

const CURRENCY = 'EUR';
const SLUG = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** Free games come first. */
export async function listShopGames(read: Reader, locale: string): Promise<readonly ShopGame[]> {
  const rows = await currentReleases(read);
  return rows.map((row) => toShopGame(row, locale)).sort((a, b) => Number(b.free) - Number(a.free));
}

export async function findShopGame(read: Reader, slug: string, locale: string): Promise<ShopGame | null> {
  const row = SLUG.test(slug) ? await currentRelease(read, slug) : null;
  return row && toShopGame(row, locale);
}

function toShopGame(row: Release, locale: string): ShopGame {
  const { manifest } = row;
  const languages = Object.keys(manifest.texts);
  const language = languages.includes(locale) ? locale : (languages[0] ?? locale);
  const texts = manifest.texts[language];
  const cover = manifest.assets[manifest.cover];
  if (!texts || cover === undefined) throw new Error(`release ${row.id} has no texts or no cover`);
  return {
    slug: row.game,
    texts,
    locale: language,
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
