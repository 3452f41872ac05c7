/**
 * Looks whether built rules can begin a game, before anybody pays for it. The rules run in a child
 * process with a time limit, so that an endless loop in them is a sentence and not a dead server.
 */
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const CHECK_MS_MAX = 10_000;

const answerSchema = z.union([
  z.object({ ok: z.literal(true), puzzles: z.array(z.string()) }),
  z.object({ ok: z.literal(false), message: z.string() }),
]);
export type RulesAnswer = z.infer<typeof answerSchema>;

export async function checkRules(rules: Uint8Array<ArrayBuffer>): Promise<RulesAnswer> {
  const child = Bun.spawn([process.execPath, fileURLToPath(import.meta.resolve('./rules-probe.child.ts'))], {
    stdin: rules,
    stdout: 'pipe',
    stderr: 'pipe',
    env: {},
    timeout: CHECK_MS_MAX,
    killSignal: 'SIGKILL',
  });
  const [out, complaint] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  const answer = answerSchema.safeParse(parseJson(out));
  return answer.success
    ? answer.data
    : { ok: false, message: complaint.trim() || 'the rules ended the check' };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
