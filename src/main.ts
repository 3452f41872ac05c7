/** The command line: finds the command, shows its error as one sentence, ends with its exit code. */
import { COMMANDS } from './commands/commands.ts';
import type { Terminal } from './commands/command.ts';
import { OperatorError } from './errors.ts';
import { realWorld } from './lib/world.real.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Goes to the beginning of the line and empties it. */
const CLEAR = '\r\u001b[2K';
let lineIsOpen = false;

function closeLine(): void {
  if (lineIsOpen) process.stdout.write(CLEAR);
  lineIsOpen = false;
}

const terminal: Terminal = {
  env: process.env,
  out(text) {
    closeLine();
    console.log(text);
  },
  progress(text) {
    if (!process.stdout.isTTY) return console.log(text);
    // A line that wraps could not be replaced.
    process.stdout.write(CLEAR + text.slice(0, process.stdout.columns - 1));
    lineIsOpen = true;
  },
  err(text) {
    closeLine();
    console.error(text);
  },
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
