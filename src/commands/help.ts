/** `escapement help`, made from the tables of commands and options, and `escapement version`. */
import { flagOf, isSwitch } from '../config.load.ts';
import { type OptionName, OPTIONS } from '../config.ts';
import { SERVICES } from '../running.ts';
import { VERSION } from '../version.ts';
import type { Command, Terminal } from './command.ts';
import { describeLoadOptions } from './load/options.ts';

export async function help(table: { readonly [name: string]: Command }, terminal: Terminal): Promise<number> {
  const commands = Object.values(table).map(
    ({ usage, help: text }) => `  escapement ${usage}\n      ${text}`,
  );
  const options = (Object.keys(OPTIONS) as OptionName[]).map(describeOption);
  terminal.out(
    [
      `Escapement ${VERSION}`,
      '',
      'Commands',
      ...commands,
      '',
      `Services: ${SERVICES.join(', ')}`,
      '',
      'Options (a flag has precedence over the environment variable)',
      ...options,
      '',
      'Load options (`escapement load` takes only these)',
      ...describeLoadOptions(),
    ].join('\n'),
  );
  return 0;
}

export async function version(terminal: Terminal): Promise<number> {
  terminal.out(VERSION);
  return 0;
}

function describeOption(name: OptionName): string {
  const { env, help: text, default: fallback, expects } = OPTIONS[name];
  const flag = flagOf(name);
  const written = flag === null ? env : `${flag}${isSwitch(name) ? '' : ' <value>'}, ${env}`;
  return `  ${written}\n      ${text} Default: ${fallback || 'empty'}; ${expects}.`;
}
