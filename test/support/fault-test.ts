/**
 * Shared by fault tests: skipping them where the machine cannot run them, and starting the program without
 * a guard.
 */
import { test } from 'bun:test';
import { join } from 'node:path';
import type { ServerOptions } from '../e2e/support/server.ts';
import { ROOT } from './processes/command-line.ts';

/** The program's own settings, except that the teams may open many free rooms. */
const ENV = { ESCAPEMENT_FREE_ROOMS_PER_HOUR: '100000' };

/**
 * Declares the tests unless `missing` says what this machine lacks. Then one test is declared instead,
 * which is skipped, or fails where CI=true.
 */
export function testsRequiring(what: string, missing: string | null, declare: () => void): void {
  if (missing === null) return declare();
  test.skipIf(process.env['CI'] !== 'true')(`${what}: ${missing}`, () => {
    throw new Error(`${missing}; where CI=true this must run`);
  });
}

interface GuardOptions {
  /** The guard to remove (`removed-guards.child.ts`); null = none. */
  readonly removedGuard?: string | null;
  /** Remove it from the processes that the program starts, too. */
  readonly everywhere?: boolean;
}

/** Options for starting the program on this folder. */
export function faultServer(
  dataDir: string,
  { removedGuard, everywhere = false, flags = [], ...rest }: Partial<ServerOptions> & GuardOptions = {},
): ServerOptions {
  const env = { ...ENV, ...rest.env };
  const options = { port: 0, url: '', ...rest, dataDir, flags, env };
  if (removedGuard === undefined || removedGuard === null) return options;
  const preload = join(ROOT, 'test/support/processes/removed-guards.child.ts');
  // The runtime reads BUN_OPTIONS at every start, and child processes inherit it.
  if (everywhere)
    return { ...options, env: { ...env, REMOVED_GUARD: removedGuard, BUN_OPTIONS: `--preload=${preload}` } };
  return { ...options, preload, env: { ...env, REMOVED_GUARD: removedGuard } };
}
