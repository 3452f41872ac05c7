/** Reads the options of `config.ts`. A flag has precedence over the environment, which has precedence over the default. */
import { type OptionName, OPTIONS, type Settings } from './config.ts';
import { OperatorError } from './errors.ts';
import { type Flags, nearest, parseFlags } from './flags.ts';

/** An option in force, for `escapement config`. */
export interface InForce {
  readonly name: OptionName;
  /** As written. */
  readonly text: string;
  /** `default`, the name of the variable, or the flag. */
  readonly from: string;
}

export interface Loaded {
  readonly settings: Settings;
  readonly inForce: readonly InForce[];
  /** Arguments that are neither flags nor values: names of services, for example. */
  readonly positionals: readonly string[];
  /** All flags that were given, those of `ownFlags` included. */
  readonly flags: ReadonlyMap<string, string>;
}

type Environment = { readonly [name: string]: string | undefined };

const NAMES = Object.keys(OPTIONS) as readonly OptionName[];

/**
 * `ownFlags` are the command's own flags, in addition to the options. Throws an OperatorError that names the invalid
 * value and what is expected.
 */
export function loadConfig(args: readonly string[], env: Environment, ownFlags: Flags = {}): Loaded {
  const { values: flags, positionals } = parseFlags(args, { ...optionFlags(), ...ownFlags });
  refuseUnknownVariables(env);
  const inForce = NAMES.map((name) => choose(name, flags, env));
  const settings = Object.fromEntries(inForce.map((one) => [one.name, parse(one)]));
  return { settings: settings as unknown as Settings, inForce, positionals, flags };
}

/** Returns the environment in which another process loads these settings. */
export function environmentOf(settings: Settings): { readonly [variable: string]: string } {
  const written = (value: string | number | boolean) =>
    typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value);
  return Object.fromEntries(NAMES.map((name) => [OPTIONS[name].env, written(settings[name])]));
}

function optionFlags(): Flags {
  return Object.fromEntries(
    NAMES.flatMap((name) => {
      const flag = flagOf(name);
      return flag === null ? [] : [[flag, { expects: OPTIONS[name].expects, isSwitch: isSwitch(name) }]];
    }),
  );
}

function choose(name: OptionName, flags: ReadonlyMap<string, string>, env: Environment): InForce {
  const declared = OPTIONS[name];
  const flag = flagOf(name) ?? '';
  const given = flags.get(flag);
  if (given !== undefined) return { name, text: given, from: flag };
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

/** Returns `--port`; null for options that only the environment can set. */
export function flagOf(name: OptionName): string | null {
  const declared = OPTIONS[name];
  return 'flag' in declared && declared.flag !== undefined ? `--${declared.flag}` : null;
}

/** On/off options: their flag needs no value. */
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
