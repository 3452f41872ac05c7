/** What a command of the command line is, and the terminal that it gets. */
import type { World } from '../lib/world.ts';

export interface Terminal {
  readonly env: { readonly [name: string]: string | undefined };
  /** Writes one or more lines to standard output. */
  out(text: string): void;
  /** Writes a line that the next output replaces; an ordinary line if standard output is no terminal. */
  progress(text: string): void;
  /** Writes one or more lines to standard error. */
  err(text: string): void;
  /** Calls `listener` for every SIGINT, SIGTERM and SIGHUP. */
  onSignal(listener: (signal: string) => void): void;
}

export interface Command {
  /** Name and arguments, for the help. */
  readonly usage: string;
  readonly help: string;
  /** Returns the exit code; throws an OperatorError. */
  run(args: readonly string[], terminal: Terminal, world: World): Promise<number>;
}
