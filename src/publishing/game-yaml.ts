/**
 * Reads and checks `game.yaml`: what shop and platform need about a game. Every fault has its line. Described for
 * authors in docs/authoring/game-yaml.md.
 */
import { z } from 'zod';
import { ROOM_LIMITS_BOUNDS, type RoomLimits } from '../domain/room-limits.ts';
import { parseYaml } from '../lib/yaml.ts';

/** A fault in the folder of a game, for its author. */
export interface GameFault {
  /** Path from the folder of the game. */
  readonly file: string;
  /** From 1; null = not about a line. */
  readonly line: number | null;
  readonly message: string;
}

const locale = z.string().regex(/^[a-z]{2}(-[A-Z]{2})?$/, 'write a language as en or pt-BR');
const text = (max: number) => z.string().trim().min(1, 'must not be empty').max(max);

const textsSchema = z.strictObject({
  title: text(60),
  tagline: text(120),
  description: text(4_000),
  accessibility: text(1_000),
});

/** A number within the bounds of the platform. */
function bounded(name: keyof RoomLimits) {
  const { min, max } = ROOM_LIMITS_BOUNDS[name];
  return z.int().refine((value) => value >= min && value <= max, `must be from ${min} to ${max}`);
}

/** Described for authors in docs/authoring/limits.md. */
const limitsSchema = z
  .strictObject({
    player: z
      .strictObject({ rate: bounded('messageRate'), burst: bounded('messageBurst') })
      .partial()
      .default({}),
    room: z
      .strictObject({ rate: bounded('roomRate'), burst: bounded('roomBurst') })
      .partial()
      .default({}),
    body: bounded('bodyBytesMax').optional(),
    sockets: bounded('socketsPerRoomMax').optional(),
    entries: bounded('roomEntriesMax').optional(),
    bytes: bounded('roomBytesMax').optional(),
  })
  .superRefine(({ player, room }, context) => {
    for (const limit of ['rate', 'burst'] as const) {
      if ((player[limit] ?? 0) <= (room[limit] ?? Infinity)) continue;
      const message = `is smaller than that of one player (${player[limit]})`;
      context.addIssue({ code: 'custom', path: ['room', limit], message });
    }
  })
  .transform(({ player, room, body, sockets, entries, bytes }): Partial<RoomLimits> => {
    const limits = {
      messageRate: player.rate,
      messageBurst: player.burst,
      roomRate: room.rate,
      roomBurst: room.burst,
      bodyBytesMax: body,
      socketsPerRoomMax: sockets,
      roomEntriesMax: entries,
      roomBytesMax: bytes,
    };
    return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
  });

const gameYamlSchema = z
  .strictObject({
    api: z.literal(1, { error: 'this platform supports API level 1' }),
    players: z
      .strictObject({ min: z.int().min(1).max(8), max: z.int().min(1).max(8) })
      .refine(({ min, max }) => min <= max, 'min is larger than max'),
    minutes: z.int().min(1).max(600),
    prices: z
      .record(z.string().regex(/^[A-Z]{3}$/, 'a currency has three capital letters'), z.int().min(0))
      .refine((prices) => Object.keys(prices).length > 0, 'name at least one price'),
    free: z.boolean(),
    languages: z.array(locale).min(1).max(40),
    /** A file of `assets/`. */
    cover: z.string().min(1),
    limits: limitsSchema.optional(),
    texts: z.record(locale, textsSchema),
  })
  .superRefine((game, context) => {
    if ((game.limits?.socketsPerRoomMax ?? Infinity) < game.players.max) {
      const message = `is smaller than the number of players (${game.players.max})`;
      context.addIssue({ code: 'custom', path: ['limits', 'sockets'], message });
    }
    const seen = new Set<string>();
    for (const [index, language] of game.languages.entries()) {
      if (seen.has(language)) {
        context.addIssue({
          code: 'custom',
          path: ['languages', index],
          message: `${language} is listed twice`,
        });
      }
      seen.add(language);
      if (!game.texts[language]) {
        context.addIssue({
          code: 'custom',
          path: ['texts'],
          message: `no texts for the language ${language}`,
        });
      }
    }
    for (const language of Object.keys(game.texts)) {
      if (!seen.has(language)) {
        context.addIssue({
          code: 'custom',
          path: ['texts', language],
          message: `${language} is not in languages`,
        });
      }
    }
  });

export type GameYaml = z.infer<typeof gameYamlSchema>;

export type GameYamlOutcome =
  | { readonly ok: true; readonly game: GameYaml }
  | { readonly ok: false; readonly faults: readonly GameFault[] };

const FILE = 'game.yaml';

export function readGameYaml(source: string): GameYamlOutcome {
  const read = parseYaml(source, gameYamlSchema);
  if (read.ok) return { ok: true, game: read.value };
  return { ok: false, faults: read.faults.map((fault) => ({ file: FILE, ...fault })) };
}
