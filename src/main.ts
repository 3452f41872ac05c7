/** The command line: runs the command, prints its error as a sentence and exits with its exit code. */
import { COMMANDS } from './commands/commands.ts';
import type { Terminal } from './commands/command.ts';
import { OperatorError } from './errors.ts';
import { realWorld } from './lib/world.real.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Moves to the beginning of the line and clears it. */
const CLEAR = '\r\u001b[2K';
/** The last output was a progress line, which the next output replaces. */
let isLineOpen = false;

function closeLine(): void {
  if (isLineOpen) process.stdout.write(CLEAR);
  isLineOpen = false;
}

const terminal: Terminal = {
  env: process.env,
  out(text) {
    closeLine();
    console.log(text);
  },
  progress(text) {
    if (!process.stdout.isTTY) return console.log(text);
    // A line that wraps cannot be cleared.
    process.stdout.write(CLEAR + text.slice(0, process.stdout.columns - 1));
    isLineOpen = true;
  },
  err(text) {
    closeLine();
    console.error(text);
  },
  onSignal(listener) {
    for (const signal of SIGNALS) process.on(signal, () => listener(signal));
  },
};

/** `--help` and `--version` work at any position. */
function commandName(args: readonly string[]): string {
  if (args.includes('--help') || args.includes('-h')) return 'help';
  if (args.includes('--version') || args.includes('-v')) return 'version';
  return args[0] ?? 'help';
}

async function run(args: readonly string[]): Promise<number> {
  const name = commandName(args);
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
