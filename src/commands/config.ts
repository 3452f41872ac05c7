/** `escapement config`: prints the value of every option and where it comes from. */
import { type InForce, flagOf, loadConfig } from '../config.load.ts';
import { OPTIONS } from '../config.ts';
import { OperatorError } from '../errors.ts';
import type { Terminal } from './command.ts';

export async function config(args: readonly string[], terminal: Terminal): Promise<number> {
  const { inForce, positionals } = loadConfig(args, terminal.env);
  const [argument] = positionals;
  if (argument !== undefined) throw new OperatorError('unexpected-argument', { command: 'config', argument });
  const rows = inForce.map((one) => [OPTIONS[one.name].env, valueText(one), one.from]);
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  for (const [at, row] of rows.entries()) {
    const one = inForce[at];
    if (one === undefined) continue;
    const cells = row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ');
    terminal.out(`${cells.trimEnd()}\n    ${OPTIONS[one.name].help}${flagNote(one)}`);
  }
  return 0;
}

function valueText({ name, text }: InForce): string {
  if (text === '') return '(empty)';
  return 'secret' in OPTIONS[name] ? '(set, not shown)' : text;
}

function flagNote({ name }: InForce): string {
  const flag = flagOf(name);
  return flag === null ? ' Environment only.' : ` Flag: ${flag}.`;
}
