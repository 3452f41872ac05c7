/** Parses the arguments of a command: Node's `parseArgs` finds the flags, the errors are those of this program. */
import { parseArgs } from 'node:util';
import { OperatorError } from './errors.ts';

export interface Flag {
  /** Needs no value: `--lan` is `--lan=on`. */
  readonly isSwitch?: boolean;
  /** Ends the sentence "needs a value: …". null = a missing value is no error here; it is ''. */
  readonly expects: string | null;
}

/** By the flag with its dashes: `--port`. */
export interface Flags {
  readonly [flag: string]: Flag;
}

export interface ParsedArgs {
  /** Flag → value as written. */
  readonly values: ReadonlyMap<string, string>;
  /** Arguments that are neither a flag nor its value, in order. */
  readonly positionals: readonly string[];
}

/** Takes `--flag value` and `--flag=value`. Throws an OperatorError that names the flag. */
export function parseFlags(args: readonly string[], flags: Flags): ParsedArgs {
  const options = Object.fromEntries(
    Object.entries(flags).map(
      ([flag, { isSwitch }]) => [flag.slice(2), { type: isSwitch ? 'boolean' : 'string' }] as const,
    ),
  );
  // Not strict: the errors of `parseArgs` have no code of this program and suggest no option.
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true });
  const values = new Map<string, string>();
  const positionals: string[] = [];
  for (const token of tokens) {
    // A single dash is positional for `parseArgs`.
    if (token.kind === 'positional' && !token.value.startsWith('-')) {
      positionals.push(token.value);
      continue;
    }
    const [flag = ''] = (args[token.index] ?? '').split('=', 1);
    const declared = Object.hasOwn(flags, flag) ? flags[flag] : undefined;
    if (!declared)
      throw new OperatorError('unknown-flag', { flag, guess: nearest(flag, Object.keys(flags)) });
    if (values.has(flag)) throw new OperatorError('flag-twice', { flag });
    const written = token.kind === 'option' ? token.value : undefined;
    values.set(flag, valueOf(flag, declared, written));
  }
  return { values, positionals };
}

function valueOf(flag: string, { expects, isSwitch }: Flag, written: string | undefined): string {
  if (written === undefined && isSwitch) return 'on';
  if (written && !written.startsWith('--')) return written;
  if (expects === null) return '';
  throw new OperatorError('flag-without-value', { flag, expects });
}

/** Returns the candidate that begins with the word, else the one with the smallest edit distance. */
export function nearest(word: string, candidates: readonly string[]): string {
  const ranked = candidates.map((candidate) => ({
    candidate,
    distance: candidate.startsWith(word) ? 0 : editDistance(word, candidate),
  }));
  return ranked.toSorted((a, b) => a.distance - b.distance)[0]?.candidate ?? '';
}

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
