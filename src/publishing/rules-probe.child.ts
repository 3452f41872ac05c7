/**
 * Child process of rules-check.ts: begins a game with built rules.
 * Arguments: the built rules, where to write the outcome (JSON: the ids of the puzzles, or what is wrong).
 */
import { z } from 'zod';

const call = z.custom<(...given: unknown[]) => unknown>((value) => typeof value === 'function', 'is missing');
const rulesSchema = z.object({ init: call, parse: call, apply: call, progress: call, hints: call });
const progressSchema = z.object({
  puzzles: z
    .array(z.object({ id: z.string().min(1), state: z.enum(['closed', 'open', 'solved']) }))
    .min(1, 'a game has at least one puzzle'),
  done: z.literal(false, 'the game is over before it began'),
  hints: z.literal(0),
});

async function probe(path: string): Promise<string[]> {
  const loaded: { readonly default?: unknown } = await import(path);
  const rules = rulesSchema.parse(loaded.default);
  const begin = () => rules.init({ seed: 1, options: {} });
  if (JSON.stringify(begin()) !== JSON.stringify(begin())) {
    throw new Error('init returned two different states for one seed');
  }
  return progressSchema.parse(rules.progress(begin())).puzzles.map(({ id }) => id);
}

function explain(error: unknown): string {
  if (error instanceof z.ZodError) {
    return error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
  }
  return error instanceof Error ? error.message : String(error);
}

const [rulesPath, outcomePath] = process.argv.slice(2);
if (!rulesPath || !outcomePath) throw new Error('rules and outcome are needed');
const outcome = await probe(rulesPath).then(
  (puzzles) => ({ ok: true, puzzles }),
  (error: unknown) => ({ ok: false, message: explain(error) }),
);
await Bun.write(outcomePath, JSON.stringify(outcome));
