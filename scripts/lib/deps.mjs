// Installs the locked dependencies if they are missing or stale. Runs on Node ≥ 20 without node_modules.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const BUN = join(ROOT, 'node_modules', '.bin', 'bun');
const NODE_MIN = 20;
const NPM_FLAGS = ['--no-audit', '--no-fund', '--loglevel=error', '--progress=true'];

/** Returns a sentence if Node is too old, else null. */
export function nodeTooOld() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major >= NODE_MIN) return null;
  return `Escapement needs Node ${NODE_MIN} or newer, and this is Node ${process.versions.node}: install a newer one from https://nodejs.org and run the command again.`;
}

/** @typedef {{ version?: string, integrity?: string, link?: boolean, optional?: boolean, dev?: boolean }} Package */

/**
 * Returns why the installed packages do not match the lock file; null if they do. npm writes
 * node_modules/.package-lock.json as the last step of an installation, so an interrupted one has none.
 * @param {boolean} tools check devDependencies, too
 * @returns {string | null}
 */
function whyStale(tools) {
  if (!existsSync(join(ROOT, 'node_modules'))) return 'the dependencies are not installed yet';
  const installed = installedPackages();
  if (!installed) return 'the last installation was not finished';
  const locked = lockedPackages(join(ROOT, 'package-lock.json')) ?? {};
  for (const [path, entry] of Object.entries(locked)) {
    // Optional packages are for other platforms; workspaces are links to the sources.
    if (!path.startsWith('node_modules/') || entry.link || entry.optional) continue;
    if (entry.dev && !tools) continue;
    const found = installed[path];
    if (!found || found.version !== entry.version || found.integrity !== entry.integrity) {
      return `${path.slice('node_modules/'.length)} is not the locked version`;
    }
  }
  return bunRuns() ? null : 'the installed Bun does not run here';
}

function installedPackages() {
  return lockedPackages(join(ROOT, 'node_modules', '.package-lock.json'));
}

/**
 * @param {string} path
 * @returns {Record<string, Package> | null}
 */
function lockedPackages(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages;
  } catch {
    return null;
  }
}

/** False for a node_modules copied from another system, or if npm did not run Bun's install script. */
function bunRuns() {
  return spawnSync(BUN, ['--version'], { stdio: 'ignore' }).status === 0;
}

/**
 * Installs the packages of the lock file unless they are installed already; shows the output of npm.
 * @param {(line: string) => void} say
 * @param {{ tools: boolean }} options tools: with devDependencies
 * @returns {boolean} whether the dependencies are installed now
 */
export function installDependencies(say, { tools }) {
  const why = whyStale(tools);
  if (!why) return true;
  // devDependencies that are installed already are updated, not removed.
  const wanted = tools || Object.values(installedPackages() ?? {}).some(({ dev }) => dev);
  say(`Installing dependencies: ${why}. This takes about a minute.`);
  const started = Date.now();
  const npm = spawnSync('npm', ['ci', ...NPM_FLAGS, ...(wanted ? ['--include=dev'] : ['--omit=dev'])], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (npm.status === 0 && !bunRuns()) {
    spawnSync(process.execPath, ['install.js'], { cwd: join(ROOT, 'node_modules', 'bun'), stdio: 'inherit' });
  }
  const still =
    npm.status === 0 ? whyStale(tools) : `npm ci ended with ${npm.signal ?? `code ${npm.status}`}`;
  if (still) {
    say(
      `The dependencies could not be installed: ${still}. Check the network and the free disk space, then run the command again.`,
    );
    return false;
  }
  say(`Installed in ${Math.round((Date.now() - started) / 1000)} s.`);
  return true;
}
