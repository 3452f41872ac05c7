/** The machine that was measured on. */
import { cpus, release, totalmem } from 'node:os';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly kernel: string;
  /** Versions of what the servers run on; null = not installed. */
  readonly bun: string;
  readonly node: string | null;
  readonly python: string | null;
  readonly redis: string | null;
  readonly gcc: string | null;
}

export function readMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() || 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    kernel: `Linux ${release().replace(/^(\d+\.\d+).*$/, '$1')}`,
    bun: Bun.version,
    node: version(['node', '--version']),
    python: version(['/usr/bin/python3', '--version']),
    redis: version(['redis-server', '--version']),
    gcc: version(['gcc', '-dumpfullversion']),
  };
}

function version(command: readonly string[]): string | null {
  if (Bun.which(command[0] ?? '') === null) return null;
  const { stdout } = Bun.spawnSync([...command], { stderr: 'ignore' });
  return /\d+(\.\d+)+/.exec(stdout.toString())?.[0] ?? null;
}

export function machineText(machine: Machine): string {
  const { cpu, cores, memoryGb, kernel, bun, node, python, redis, gcc } = machine;
  const versions = Object.entries({ Bun: bun, Node: node, Python: python, Redis: redis, gcc })
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name} ${value}`);
  return `${cores} cores (${cpu}), ${memoryGb} GB, ${kernel}; ${versions.join(', ')}. The server has core 0, the load core 1.`;
}
