/** A published release of a game: what the shop shows, what the play page loads, what a room pins. */
import { z } from 'zod';
import { ROOM_LIMITS, type RoomLimits } from './room-limits.ts';

export interface ReleaseManifest {
  readonly game: string;
  readonly api: 1;
  /** By locale. The first locale of the game is the fallback. */
  readonly texts: { readonly [locale: string]: GameTexts };
  readonly players: { readonly min: number; readonly max: number };
  readonly minutes: number;
  /** Gross price by currency, minor units: `{ EUR: 490 }`. */
  readonly prices: { readonly [currency: string]: number };
  /** Can be played at once, for free, in a new room per visitor. */
  readonly free: boolean;
  /** Paths in the files port. */
  readonly client: string;
  readonly rules: string;
  readonly styles: string | null;
  /** Path under the game's `assets/` → path in the files port. */
  readonly assets: { readonly [path: string]: string };
  /** Texts of the game by locale → path in the files port (JSON, flat keys, ICU). */
  readonly locales: { readonly [locale: string]: string };
  /** The asset that is the picture in the shop. */
  readonly cover: string;
  /** Limits that the game sets for its rooms. */
  readonly limits?: Partial<RoomLimits>;
}

export interface GameTexts {
  readonly title: string;
  readonly tagline: string;
  readonly description: string;
  /** What the game requires of players: sound, reading, colours (shown before buying). */
  readonly accessibility: string;
}

const limit = z.exactOptional(z.number());
const limitsSchema: z.ZodType<Partial<RoomLimits>> = z.object(
  Object.fromEntries(Object.keys(ROOM_LIMITS).map((name) => [name, limit])),
);

/** The part of a manifest that loading a room needs. */
export const manifestLimitsSchema = z.object({ limits: z.exactOptional(limitsSchema) });

/** Checks types only: values were checked when the release was published. Unknown keys are ignored. */
export const releaseManifestSchema: z.ZodType<ReleaseManifest> = manifestLimitsSchema.extend({
  game: z.string(),
  api: z.literal(1),
  texts: z.record(
    z.string(),
    z.object({ title: z.string(), tagline: z.string(), description: z.string(), accessibility: z.string() }),
  ),
  players: z.object({ min: z.number(), max: z.number() }),
  minutes: z.number(),
  prices: z.record(z.string(), z.number()),
  free: z.boolean(),
  client: z.string(),
  rules: z.string(),
  styles: z.string().nullable(),
  assets: z.record(z.string(), z.string()),
  locales: z.record(z.string(), z.string()),
  cover: z.string(),
});
