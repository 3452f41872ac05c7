/** Reads the options: a flag beats the environment, which beats the default. */
import { type OptionName, OPTIONS, type Settings } from './config.ts';
import { OperatorError } from './errors.ts';

/** One option as it is in force, for `escapement config`. */
export interface InForce {
  readonly name: OptionName;
  /** As written. */
  readonly text: string;
  /** `default`, the variable's name, or the flag. */
  readonly from: string;
}

export interface Loaded {
  readonly settings: Settings;
  readonly inForce: readonly InForce[];
  /** What is neither a flag nor a flag's value: names of services, for example. */
  readonly words: readonly string[];
}

type Environment = { readonly [name: string]: string | undefined };

const NAMES = Object.keys(OPTIONS) as readonly OptionName[];

/** Throws an OperatorError that names what is wrong and what would be right. */
export function loadConfig(args: readonly string[], env: Environment): Loaded {
  const { flags, words } = readFlags(args);
  refuseUnknownVariables(env);
  const inForce = NAMES.map((name) => choose(name, flags, env));
  const settings = Object.fromEntries(inForce.map((one) => [one.name, parse(one)]));
  return { settings: settings as unknown as Settings, inForce, words };
}

/** The environment in which another process finds these settings in force. */
export function environmentOf(settings: Settings): { readonly [variable: string]: string } {
  const written = (value: string | number | boolean) =>
    typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value);
  return Object.fromEntries(NAMES.map((name) => [OPTIONS[name].env, written(settings[name])]));
}

function choose(name: OptionName, flags: ReadonlyMap<OptionName, string>, env: Environment): InForce {
  const declared = OPTIONS[name];
  const flag = flags.get(name);
  if (flag !== undefined) return { name, text: flag, from: flagOf(name) ?? '' };
  const variable = env[declared.env];
  if (variable) return { name, text: variable, from: declared.env };
  return { name, text: declared.default, from: 'default' };
}

function parse({ name, text, from }: InForce): unknown {
  const declared = OPTIONS[name];
  const parsed = declared.schema.safeParse(text);
  if (parsed.success) return parsed.data;
  const value = 'secret' in declared ? '…' : text;
  throw new OperatorError('bad-value', { source: from, value, expects: declared.expects });
}

function readFlags(args: readonly string[]): { flags: Map<OptionName, string>; words: string[] } {
  const flags = new Map<OptionName, string>();
  const words: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? '';
    if (!arg.startsWith('-')) {
      words.push(arg);
      continue;
    }
    const [flag = '', ...after] = arg.split('=');
    const name = NAMES.find((one) => flagOf(one) === flag);
    if (!name)
      throw new OperatorError('unknown-flag', {
        flag,
        guess: nearest(
          flag,
          NAMES.flatMap((one) => flagOf(one) ?? []),
        ),
      });
    if (flags.has(name)) throw new OperatorError('flag-twice', { flag });
    if (after.length > 0) flags.set(name, valueOf(flag, name, after.join('=')));
    else if (isSwitch(name)) flags.set(name, 'on');
    else flags.set(name, valueOf(flag, name, args[++at]));
  }
  return { flags, words };
}

function valueOf(flag: string, name: OptionName, value: string | undefined): string {
  if (!value || value.startsWith('--')) {
    throw new OperatorError('flag-without-value', { flag, expects: OPTIONS[name].expects });
  }
  return value;
}

/** `--port`; null for options that only the environment may set. */
export function flagOf(name: OptionName): string | null {
  const declared = OPTIONS[name];
  return 'flag' in declared && declared.flag !== undefined ? `--${declared.flag}` : null;
}

/** On/off options: their flag stands alone. */
export function isSwitch(name: OptionName): boolean {
  return OPTIONS[name].expects === 'on or off';
}

/** A mistyped variable would silently leave the default in force: another data folder, for example. */
function refuseUnknownVariables(env: Environment): void {
  const known = NAMES.map((name): string => OPTIONS[name].env);
  for (const variable of Object.keys(env)) {
    if (!variable.startsWith('ESCAPEMENT_') || known.includes(variable)) continue;
    throw new OperatorError('unknown-variable', { variable, guess: nearest(variable, known) });
  }
}

/** The candidate that begins like the word, else the one that takes the fewest single-letter changes. */
export function nearest(word: string, candidates: readonly string[]): string {
  const ranked = candidates.map((candidate) => ({
    candidate,
    changes: candidate.startsWith(word) ? 0 : changes(word, candidate),
  }));
  return ranked.toSorted((a, b) => a.changes - b.changes)[0]?.candidate ?? '';
}

/** Levenshtein distance. */
function changes(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replace, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
