/** A command of the command line. */
import type { World } from '../lib/world.ts';

export interface Terminal {
  readonly env: { readonly [name: string]: string | undefined };
  /** One or more lines for the user, to standard output. */
  out(text: string): void;
  /** A line that the next output replaces; where there is no terminal, a line like any other. */
  progress(text: string): void;
  /** The same as `out`, to standard error. */
  err(text: string): void;
  /** Calls `listener` for every signal that asks the program to end. */
  onSignal(listener: (signal: string) => void): void;
}

export interface Command {
  /** What may follow its name, for the help. */
  readonly usage: string;
  readonly help: string;
  /** Answers the exit code; throws an OperatorError. */
  run(args: readonly string[], terminal: Terminal, world: World): Promise<number>;
}
