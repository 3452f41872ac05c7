/** Checks that built rules can begin a game, before it is sold. The rules run in a sandbox. */
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { parseJson } from '../lib/json.ts';
import type { Sandbox } from '../ports/sandbox/sandbox.ts';

const PROBE = fileURLToPath(import.meta.resolve('./rules-probe.child.ts'));
const CHECK_MS_MAX = 10_000;
const CHECK_BYTES_MAX = 512 * 1024 * 1024;

const outcomeSchema = z.union([
  z.object({ ok: z.literal(true), puzzles: z.array(z.string()) }),
  z.object({ ok: z.literal(false), message: z.string() }),
]);
/** The ids of the puzzles, or what is wrong with the rules. */
export type RulesOutcome = z.infer<typeof outcomeSchema>;

/** `rules` is the module that `bundleGame` built. */
export async function checkRules(rules: Uint8Array<ArrayBuffer>, sandbox: Sandbox): Promise<RulesOutcome> {
  const run = await sandbox.run({
    program: PROBE,
    inputs: [{ name: 'rules.mjs', content: rules }],
    timeMsMax: CHECK_MS_MAX,
    memoryBytesMax: CHECK_BYTES_MAX,
  });
  if (!run.ok) return stopped(run.why);
  const outcome = outcomeSchema.safeParse(parseJson(new TextDecoder().decode(run.output)));
  return outcome.success ? outcome.data : stopped('its output is not valid');
}

function stopped(why: string): RulesOutcome {
  return { ok: false, message: `the check of the rules was stopped: ${why}` };
}
