/** Checks out a version of this repository into a folder in which it can be started. */
import { cp, mkdir, readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';

const ROOT = join(import.meta.dir, '../..');
const LOCK = 'package-lock.json';
/** The folder in node_modules with links to the packages of this repository. */
const WORKSPACES = '@escapement';

/** The id of the commit that `ref` names, or null. */
export async function commitOf(ref: string): Promise<string | null> {
  const command = ['git', 'rev-parse', '--verify', '--quiet', `${ref}^{commit}`];
  const child = Bun.spawn(command, { cwd: ROOT, stdout: 'pipe', stderr: 'ignore' });
  const id = (await new Response(child.stdout).text()).trim();
  return (await child.exited) === 0 ? id : null;
}

/** Makes `folder` with the files of the commit and the packages of its lock file. */
export async function checkOut(commit: string, folder: string): Promise<void> {
  await mkdir(folder);
  // An archive instead of `git worktree`: git keeps no record of it that would have to be removed, too.
  const archive = Bun.spawn(['git', 'archive', '--format=tar', commit], { cwd: ROOT, stdout: 'pipe' });
  await succeed(['tar', '-x'], folder, archive.stdout);
  const lockOf = (root: string): Promise<string> => Bun.file(join(root, LOCK)).text();
  if ((await lockOf(folder)) === (await lockOf(ROOT))) return linkPackages(folder);
  console.error(`Its ${LOCK} differs: installing its packages (npm ci).`);
  await succeed(['npm', 'ci', '--omit=dev', '--no-audit', '--no-fund', '--loglevel=error'], folder);
}

/** Links the installed packages. The packages of this repository are taken from the checkout instead. */
async function linkPackages(folder: string): Promise<void> {
  const [from, to] = [join(ROOT, 'node_modules'), join(folder, 'node_modules')];
  await mkdir(to);
  for (const name of await readdir(from)) {
    if (name !== WORKSPACES) await symlink(join(from, name), join(to, name));
  }
  // These are relative links, so the copies lead into the checkout.
  await cp(join(from, WORKSPACES), join(to, WORKSPACES), { recursive: true, verbatimSymlinks: true });
}

async function succeed(
  command: readonly string[],
  cwd: string,
  stdin: ReadableStream | 'ignore' = 'ignore',
): Promise<void> {
  const child = Bun.spawn([...command], { cwd, stdin, stdout: 'ignore', stderr: 'inherit' });
  const code = await child.exited;
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}`);
}
