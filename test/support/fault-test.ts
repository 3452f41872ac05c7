/** What tests of faults have in common: being left out where they cannot run, and programs without a guard. */
import { test } from 'bun:test';
import { join } from 'node:path';
import type { ServerOptions } from '../e2e/support/server.ts';
import { ROOT } from './processes/command-line.ts';

/** Everything but the harness is the program's own; free rooms are what the teams play in. */
const ENV = { ESCAPEMENT_FREE_ROOMS_PER_HOUR: '100000' };

/**
 * Declares the tests unless `missing` says what this machine lacks. Then they are one that is skipped,
 * and where CI=true one that fails.
 */
export function whereItCan(what: string, missing: string | null, declare: () => void): void {
  if (missing === null) return declare();
  test.skipIf(process.env['CI'] !== 'true')(`${what}: ${missing}`, () => {
    throw new Error(`${missing}; where CI=true this must run`);
  });
}

interface Unguarded {
  /** The guard that is taken out (`unguarded.child.ts`); none = the program is whole. */
  readonly unguarded?: string | null;
  /** It is taken out of the processes that the program starts, too. */
  readonly everywhere?: boolean;
}

/** How to start the program on this folder. */
export function faultServer(
  dataDir: string,
  { unguarded, everywhere = false, flags = [], ...rest }: Partial<ServerOptions> & Unguarded = {},
): ServerOptions {
  const env = { ...ENV, ...rest.env };
  const options = { port: 0, url: '', ...rest, dataDir, flags, env };
  if (unguarded === undefined || unguarded === null) return options;
  const preload = join(ROOT, 'test/support/processes/unguarded.child.ts');
  // The runtime reads BUN_OPTIONS wherever it starts, and children inherit it.
  if (everywhere)
    return { ...options, env: { ...env, UNGUARDED: unguarded, BUN_OPTIONS: `--preload=${preload}` } };
  return { ...options, preload, env: { ...env, UNGUARDED: unguarded } };
}
