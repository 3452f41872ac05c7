/**
 * The child process of rules-check.ts: takes built rules on its input, begins a game with them and
 * writes one line of JSON: the ids of the puzzles, or what is wrong.
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

async function probe(source: string): Promise<string[]> {
  const address = `data:text/javascript;base64,${Buffer.from(source).toString('base64')}`;
  const loaded: { readonly default?: unknown } = await import(address);
  const rules = rulesSchema.parse(loaded.default);
  const begin = () => rules.init({ seed: 1, options: {} });
  if (JSON.stringify(begin()) !== JSON.stringify(begin())) {
    throw new Error('init gave two different states for one seed');
  }
  return progressSchema.parse(rules.progress(begin())).puzzles.map(({ id }) => id);
}

function explain(error: unknown): string {
  if (error instanceof z.ZodError) {
    return error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
  }
  return error instanceof Error ? error.message : String(error);
}

try {
  console.log(JSON.stringify({ ok: true, puzzles: await probe(await Bun.stdin.text()) }));
} catch (error) {
  console.log(JSON.stringify({ ok: false, message: explain(error) }));
}
