/** What the benchmarks need beyond node_modules: checked before they start, with a hint how to install it. */
export type Requirement = 'gcc' | 'taskset' | 'node' | 'python' | 'redis' | 'cores' | 'git';

const PEERS_FOLDER = 'bench/peers';
const PYTHON_MODULES = 'websockets, uvloop, redis, hiredis';

interface Check {
  readonly command: readonly string[];
  readonly missing: string;
}

const CHECKS: { readonly [requirement in Requirement]: Check } = {
  gcc: {
    command: ['sh', '-c', 'echo "#include <zlib.h>" | gcc -E -x c - -o /dev/null'],
    missing: 'a C compiler and the headers of zlib (Debian: apt-get install gcc libc6-dev zlib1g-dev)',
  },
  taskset: { command: ['taskset', '--version'], missing: 'taskset (Debian: apt-get install util-linux)' },
  cores: {
    command: ['taskset', '-c', '1', 'true'],
    missing: 'a second core: the server has core 0, the load core 1',
  },
  node: { command: ['node', '--version'], missing: 'Node 20 or later' },
  git: { command: ['git', '--version'], missing: 'git (Debian: apt-get install git)' },
  python: {
    command: ['/usr/bin/python3', '-c', `import ${PYTHON_MODULES}`],
    missing:
      'Python with its libraries (Debian: apt-get install python3-websockets python3-uvloop python3-redis python3-hiredis)',
  },
  redis: { command: ['redis-server', '--version'], missing: 'Redis (Debian: apt-get install redis-server)' },
};

/** What is missing, and how to install it, for each requirement that is not met. */
export function missingRequirements(requirements: readonly Requirement[]): readonly string[] {
  return [...new Set(requirements)]
    .map((requirement) => CHECKS[requirement])
    .filter(({ command }) => !succeeds(command))
    .map(({ missing }) => missing);
}

function succeeds(command: readonly string[]): boolean {
  if (Bun.which(command[0] ?? '') === null) return false;
  return Bun.spawnSync([...command], { stdout: 'ignore', stderr: 'ignore' }).exitCode === 0;
}

/** Installs the libraries of the peers on Node. They are a separate package: the product does not use them. */
export async function installPeers(): Promise<void> {
  const lock = await Bun.file(`${PEERS_FOLDER}/package-lock.json`).text();
  const installed = Bun.file(`${PEERS_FOLDER}/node_modules/.installed-lock.json`);
  if ((await installed.exists()) && (await installed.text()) === lock) return;
  console.error('Installing the libraries of the other servers (bench/peers/package-lock.json).');
  const child = Bun.spawn(['npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: PEERS_FOLDER,
    stdout: 'ignore',
    stderr: 'inherit',
  });
  if ((await child.exited) !== 0) throw new Error(`npm ci failed in ${PEERS_FOLDER}`);
  await installed.write(lock);
}
