// Programs and packages of the system that some tests need beyond node_modules: finds them, says how to install them,
// and installs them as root on Debian and Ubuntu.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const APT_MS_MAX = 10 * 60_000;

/**
 * @typedef {object} Part
 * @property {string} name
 * @property {readonly string[]} commands any one of them
 * @property {readonly string[]} debian its packages
 */

/** @typedef {'chromium' | 'firefox' | 'postgres' | 'python' | 'xfs' | 'nbdkit' | 'nbdfuse' | 'gcc' | 'zlib'} PartName */

/** @type {Readonly<Record<PartName, Part>>} */
export const PARTS = {
  // The package of Chromium contains no fonts.
  chromium: {
    name: 'Chromium',
    commands: ['chromium', 'chromium-browser', 'google-chrome'],
    debian: ['chromium', 'fonts-dejavu-core'],
  },
  firefox: { name: 'Firefox', commands: ['firefox-esr', 'firefox'], debian: ['firefox-esr'] },
  postgres: { name: 'PostgreSQL', commands: ['postgres'], debian: ['postgresql'] },
  python: { name: 'Python', commands: ['python3'], debian: ['python3'] },
  // Disks that lose power, fail or are slow (test/support/disks/block-device.ts).
  xfs: { name: 'xfsprogs', commands: ['mkfs.xfs'], debian: ['xfsprogs'] },
  nbdkit: { name: 'nbdkit', commands: ['nbdkit'], debian: ['nbdkit'] },
  nbdfuse: { name: 'nbdfuse', commands: ['nbdfuse'], debian: ['libnbd-bin'] },
  gcc: { name: 'gcc', commands: ['gcc'], debian: ['gcc', 'libc6-dev'] },
  // A header file, relative to a folder of programs: the load generator (bench/load/) inflates chunks.
  zlib: { name: 'zlib', commands: ['../include/zlib.h'], debian: ['zlib1g-dev'] },
};

/**
 * Returns the path of the program, or null.
 * @param {Part} part
 */
export function findPart(part) {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...postgresFolders()];
  for (const command of part.commands) {
    const folder = folders.find((one) => one !== '' && existsSync(join(one, command)));
    if (folder !== undefined) return join(folder, command);
  }
  return null;
}

/** On Debian the programs of the server are not in the PATH. */
function postgresFolders() {
  const base = '/usr/lib/postgresql';
  return existsSync(base) ? readdirSync(base).map((version) => join(base, version, 'bin')) : [];
}

/** @param {Part} part */
export function howToGet(part) {
  return isDebian()
    ? `apt-get install ${part.debian.join(' ')}`
    : `install ${part.name} with your system's package manager`;
}

/** Whether `installParts` may install: as root on Debian or Ubuntu. */
export function canInstall() {
  return isDebian() && process.getuid?.() === 0;
}

/**
 * Installs what is missing. Only where `canInstall` is true.
 * @param {readonly Part[]} parts
 * @param {(line: string) => void} say
 */
export function installParts(parts, say) {
  const missing = parts.filter((part) => findPart(part) === null);
  if (missing.length === 0) return;
  say(`Installing ${missing.map(({ name }) => name).join(', ')} with apt-get.`);
  if (!apt(['update'], say)) return;
  // One by one: a package that this release does not have must not keep the others from being installed.
  for (const part of missing) apt(['install', '-y', '--no-install-recommends', ...part.debian], say);
}

/**
 * @param {readonly string[]} args
 * @param {(line: string) => void} say
 */
function apt(args, say) {
  const ran = spawnSync('apt-get', ['-qq', ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    timeout: APT_MS_MAX,
    maxBuffer: 64 * 1024 * 1024,
  });
  if (ran.status === 0) return true;
  say(
    `apt-get ${args.join(' ')} failed: ${(ran.stderr || ran.error?.message || `code ${ran.status}`).trim()}`,
  );
  return false;
}

function isDebian() {
  if (!existsSync('/etc/os-release')) return false;
  return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(readFileSync('/etc/os-release', 'utf8'));
}
