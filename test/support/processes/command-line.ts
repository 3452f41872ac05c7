/** Runs the program as a user does: in a process of its own, with the real command line. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export const ROOT = dirname(dirname(dirname(import.meta.dir)));
const MAIN = join(ROOT, 'src', 'main.ts');

export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Without settings from the environment of the tests. */
function cleanEnvironment(env: { readonly [name: string]: string }): { [name: string]: string | undefined } {
  const own = Object.entries(process.env).filter(
    ([name]) => name !== 'PORT' && !name.startsWith('ESCAPEMENT_'),
  );
  return { ...Object.fromEntries(own), ...env };
}

/** `before` precedes the command: a shell that sets a limit, for example. */
export async function escapement(
  args: readonly string[],
  {
    env = {},
    before = [],
  }: { readonly env?: { readonly [name: string]: string }; readonly before?: readonly string[] } = {},
): Promise<Ended> {
  const child = Bun.spawn([...before, process.execPath, MAIN, ...args], {
    cwd: ROOT,
    env: cleanEnvironment(env),
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const [out, err] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { code: await child.exited, out, err };
}

export interface Started {
  /** Everything printed up to the end of the addresses. */
  readonly banner: string;
  /** Label → address, as printed. */
  readonly addresses: { readonly [label: string]: string };
  readonly process: Bun.Subprocess;
  /** Sends the signal and waits for the end; returns the exit code. */
  end(signal: NodeJS.Signals): Promise<number>;
}

/** Starts the program; resolves when it has printed its addresses, throws when it ends before that. */
export async function startEscapement(
  args: readonly string[],
  env: { readonly [name: string]: string } = {},
): Promise<Started> {
  const child = Bun.spawn([process.execPath, MAIN, 'start', ...args], {
    cwd: ROOT,
    env: cleanEnvironment(env),
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const errors = new Response(child.stderr).text();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let banner = '';
  while (!banner.includes('Ctrl-C stops')) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`it ended with ${await child.exited}: ${banner}${await errors}`);
    banner += value;
  }
  const lines = [...banner.matchAll(/^ {2}(\w[\w ]*?) {2,}(http\S+)$/gm)];
  return {
    banner,
    addresses: Object.fromEntries(lines.map(([, label, address]) => [label ?? '', address ?? ''])),
    process: child,
    end(signal) {
      child.kill(signal);
      return child.exited;
    },
  };
}

export function temporaryFolder(name: string): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), `escapement-${name}-`));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Path → content hash, for every file below a folder. */
export function fingerprint(folder: string): { [path: string]: string } {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const files = names.filter((name) => statSync(join(folder, name)).isFile()).toSorted();
  return Object.fromEntries(
    files.map((name) => [name, Bun.hash(readFileSync(join(folder, name))).toString(16)]),
  );
}
