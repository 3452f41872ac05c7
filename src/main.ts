/** The command line: finds the command, shows its error as one sentence, ends with its exit code. */
import { COMMANDS } from './commands/commands.ts';
import type { Terminal } from './commands/command.ts';
import { OperatorError } from './errors.ts';
import { realWorld } from './lib/world.real.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const terminal: Terminal = {
  env: process.env,
  out: (text) => console.log(text),
  err: (text) => console.error(text),
  onSignal(listener) {
    for (const signal of SIGNALS) process.on(signal, () => listener(signal));
  },
};

/** Flags that people try first are commands, wherever they stand. */
function nameOf(args: readonly string[]): string {
  if (args.includes('--help') || args.includes('-h')) return 'help';
  if (args.includes('--version') || args.includes('-v')) return 'version';
  return args[0] ?? 'help';
}

async function run(args: readonly string[]): Promise<number> {
  const name = nameOf(args);
  try {
    const command = COMMANDS[name];
    if (!command) throw new OperatorError('unknown-command', { command: name });
    return await command.run(args.slice(1), terminal, realWorld);
  } catch (error) {
    return report(error);
  }
}

function report(error: unknown): number {
  if (!(error instanceof OperatorError)) throw error;
  terminal.err(`${error.message} [${error.code}]`);
  if (error.code === 'unexpected') terminal.err(Bun.inspect(error.cause));
  return error.exitCode;
}

process.exit(await run(process.argv.slice(2)));
