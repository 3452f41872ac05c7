/**
 * A control group (version 1) that limits the memory of a process: the kernel kills it when it exceeds the
 * limit.
 */
import { existsSync, mkdtempSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = '/sys/fs/cgroup/memory';
const REMOVE_TRIES = 100;

export interface MemoryGroup {
  /** Precedes a command: the process is in the group from its first instruction. */
  readonly before: readonly string[];
  /** Lowers the limit to the present use plus `bytes`; never raises it. */
  tighten(bytes: number): void;
  /** Its processes must have ended. */
  remove(): Promise<void>;
}

/** Why this machine cannot have one, or null. */
export function noMemoryGroup(): string | null {
  if (process.getuid?.() !== 0) return 'only root may make a control group';
  return existsSync(join(ROOT, 'memory.limit_in_bytes')) ? null : `there are no memory groups in ${ROOT}`;
}

export function memoryGroup(): MemoryGroup {
  const path = mkdtempSync(join(ROOT, 'escapement-'));
  const read = (name: string): number => Number(readFileSync(join(path, name), 'utf8'));
  let bound = Number.POSITIVE_INFINITY;
  return {
    before: ['sh', '-c', 'echo $$ > "$0/cgroup.procs" && exec "$@"', path],
    tighten(bytes) {
      try {
        bound = Math.min(bound, read('memory.usage_in_bytes') + bytes);
        writeFileSync(join(path, 'memory.limit_in_bytes'), String(bound));
      } catch (error) {
        // The use grew meanwhile, and the kernel could not reclaim enough: the next call tries again.
        if ((error as { readonly code?: string }).code !== 'EBUSY') throw error;
      }
    },
    async remove() {
      for (let attempt = 1; ; attempt++) {
        try {
          return rmdirSync(path);
        } catch (error) {
          // A process that was just killed is still counted.
          if (attempt === REMOVE_TRIES) throw error;
          await Bun.sleep(20);
        }
      }
    },
  };
}
