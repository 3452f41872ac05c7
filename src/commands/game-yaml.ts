/**
 * `game.yaml`: what the shop and the platform need to know of a game. Reads and checks it; every
 * error carries the line it is about. Described for authors in docs/authoring/game-yaml.md.
 */
import { isMap, isNode, isScalar, LineCounter, parseDocument, type Document } from 'yaml';
import { z } from 'zod';

/** A fault in a game's folder that its author has to mend. */
export interface GameFault {
  /** Path below the game's folder. */
  readonly file: string;
  /** Counted from 1; null when the fault is not about a line. */
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

const gameYamlSchema = z
  .strictObject({
    api: z.literal(1, { error: 'this platform knows API level 1' }),
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
    texts: z.record(locale, textsSchema),
  })
  .superRefine((game, context) => {
    const seen = new Set<string>();
    for (const [index, language] of game.languages.entries()) {
      if (seen.has(language)) {
        context.addIssue({
          code: 'custom',
          path: ['languages', index],
          message: `${language} stands here twice`,
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
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    return {
      ok: false,
      faults: document.errors.map((error) => ({
        file: FILE,
        line: lines.linePos(error.pos[0]).line,
        message: error.message,
      })),
    };
  }
  const parsed = gameYamlSchema.safeParse(document.toJS());
  if (parsed.success) return { ok: true, game: parsed.data };
  return {
    ok: false,
    faults: parsed.error.issues.map((issue) => {
      const path = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0] ?? ''] : issue.path;
      return {
        file: FILE,
        line: lineOf(document, lines, path),
        message: path.length > 0 ? `${path.join('.')}: ${issue.message}` : issue.message,
      };
    }),
  };
}

/** The line of the deepest part of `path` that is really there; a missing key is reported at its parent. */
function lineOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number {
  for (let depth = path.length; depth > 0; depth--) {
    const offset = keyOffset(document, path.slice(0, depth));
    if (offset !== null) return lines.linePos(offset).line;
  }
  return 1;
}

/** Where the key stands, or the item of a list; null when it is not in the document. */
function keyOffset(document: Document, path: readonly PropertyKey[]): number | null {
  const last = String(path.at(-1));
  const parent = path.length > 1 ? document.getIn(path.slice(0, -1), true) : document.contents;
  if (isMap(parent)) {
    const key = parent.items.find((pair) => String(pair.key) === last)?.key;
    return isScalar(key) ? (key.range?.[0] ?? null) : null;
  }
  const item = document.getIn(path, true);
  return isNode(item) ? (item.range?.[0] ?? null) : null;
}
