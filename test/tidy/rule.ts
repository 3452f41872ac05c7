/** What a house rule is. */
import type { Repository } from './repository.ts';

export interface Violation {
  readonly path: string;
  /** From 1; null = the file as a whole. */
  readonly line: number | null;
  /** Names the fix. */
  readonly message: string;
}

export interface Rule {
  /** Also the name of its fixture: `fixtures/<name>.txt`. */
  readonly name: string;
  check(repository: Repository): readonly Violation[];
}

export function print({ path, line, message }: Violation): string {
  return `${path}${line === null ? '' : `:${line}`}: ${message}`;
}
