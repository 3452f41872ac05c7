/** A published release of a game: what the shop shows, what the play page loads, what a room pins. */
import type { RoomLimits } from './room-limits.ts';

export interface ReleaseManifest {
  readonly game: string;
  readonly api: 1;
  /** By locale. The first locale of the game is the fallback. */
  readonly texts: { readonly [locale: string]: GameTexts };
  readonly players: { readonly min: number; readonly max: number };
  readonly minutes: number;
  /** Gross price by currency, minor units: `{ EUR: 490 }`. */
  readonly prices: { readonly [currency: string]: number };
  /** Playable at once, for nothing, in a new room per visitor. */
  readonly free: boolean;
  /** Paths in the files port. */
  readonly client: string;
  readonly rules: string;
  readonly styles: string | null;
  /** Path under the game's `assets/` → path in the files port. */
  readonly assets: { readonly [path: string]: string };
  /** Texts of the game by locale → path in the files port (JSON, flat keys, ICU). */
  readonly locales: { readonly [locale: string]: string };
  /** Which of the assets is the picture in the shop. */
  readonly cover: string;
  /** What the game sets for its rooms. */
  readonly limits?: Partial<RoomLimits>;
}

export interface GameTexts {
  readonly title: string;
  readonly tagline: string;
  readonly description: string;
  /** What the game asks of players: sound, reading, colours (shown before buying). */
  readonly accessibility: string;
}
