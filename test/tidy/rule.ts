/** The interface of a house rule. */
import type { Repository } from './repository.ts';

export interface Violation {
  readonly path: string;
  /** From 1; null = the whole file. */
  readonly line: number | null;
  /** Says how to fix it. */
  readonly message: string;
}

export interface Rule {
  /** Also the name of its fixture, `fixtures/<name>.txt`. */
  readonly name: string;
  check(repository: Repository): readonly Violation[];
}

export function print({ path, line, message }: Violation): string {
  return `${path}${line === null ? '' : `:${line}`}: ${message}`;
}
