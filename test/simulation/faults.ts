/** The present faults that are a state: disk and log connection read it before each call. */
import { SimulatedDisk, type InjectedFault } from '../support/disks/disk.simulated.ts';
import type { Disk } from '../../src/ports/room-log/journal/disk.ts';
import type { Lease } from './lease.ts';
import type { Scheduler } from './scheduler.ts';

export class Faults {
  /** The action that filled the disk, while it is full; counted as a fault when the journal lacks space. */
  diskFilledBy: string | null = null;
  diskSlow = false;
  /** The next sync or durable write fails. */
  failsNextSync = false;
  /** Share of all disk calls that fail. */
  diskFailureRate = 0;
  /** Share of writes that are short although there is space. */
  shortWriteRate = 0;
  /** Share of calls between hosts and the log whose reply is lost. */
  wireLossRate = 0;

  /** Ends all faults. */
  clear(): void {
    this.diskFilledBy = null;
    this.diskSlow = this.failsNextSync = false;
    this.diskFailureRate = this.shortWriteRate = this.wireLossRate = 0;
  }
}

export function makeDisk(scheduler: Scheduler, faults: Faults): SimulatedDisk {
  return new SimulatedDisk({
    random: scheduler.random,
    timers: { after: (ms, run) => scheduler.after(ms, run) },
    delayMs: ({ kind, length }) => {
      scheduler.event('disk', kind.length * 1_000_000 + length);
      if (faults.diskSlow) scheduler.countFault('disk slow');
      return scheduler.between(0.05, faults.diskSlow ? 80 : 1.2);
    },
    injectFault: ({ kind, path, length }): InjectedFault | null => {
      scheduler.trace(() => `disk: ${kind} ${path} ${length || ''}`);
      if (faults.failsNextSync && (kind === 'sync' || kind === 'writeDurably')) {
        faults.failsNextSync = false;
        scheduler.countFault('sync fails');
        return { fault: 'failed' };
      }
      if (faults.diskFailureRate > 0 && scheduler.chance(faults.diskFailureRate)) {
        scheduler.countFault('disk fails');
        return { fault: 'failed' };
      }
      if (faults.shortWriteRate > 0 && kind.startsWith('write') && scheduler.chance(faults.shortWriteRate)) {
        scheduler.countFault('writes short');
        return { shortTo: Math.floor(scheduler.between(0, length)) };
      }
      return null;
    },
    earlyFlushChance: 0.3,
  });
}

/** The disk as one process sees it: after the process ended, none of its calls returns. */
export function diskOf(disk: Disk, lease: Lease): Disk {
  return leased(disk, lease);
}

/** Returned promises settle through the lease; those of opened files, too. */
function leased<T extends object>(target: T, lease: Lease): T {
  return new Proxy(target, {
    get(object, name) {
      const member: unknown = Reflect.get(object, name, object);
      if (typeof member !== 'function') return member;
      return (...values: unknown[]): unknown => {
        const result: unknown = Reflect.apply(member, object, values);
        if (!(result instanceof Promise)) return result;
        return lease.forward(result).then((value: unknown) => (isFile(value) ? leased(value, lease) : value));
      };
    },
  });
}

function isFile(value: unknown): value is object {
  return typeof value === 'object' && value !== null && 'close' in value;
}
