/** What goes wrong at present, as far as it is a state of things: disk and wire look here before each call. */
import { SimulatedDisk, type DiskTrouble } from '../support/disks/disk.simulated.ts';
import type { Disk } from '../../src/ports/room-log/journal/disk.ts';
import type { Lease } from './lease.ts';
import type { Scheduler } from './scheduler.ts';

export class Faults {
  /** The deed that filled the disk, as long as it is full: it strikes when the journal misses the space. */
  filledBy: string | null = null;
  diskSlow = false;
  /** The next call that makes something durable fails. */
  syncFails = false;
  /** The share of other calls of the disk that fail. */
  diskFailing = 0;
  /** The share of writes that are short although there is space. */
  writesShort = 0;
  /** The share of calls between hosts and the log's store whose answer is lost. */
  wireLosing = 0;

  /** Nothing goes wrong any more. */
  end(): void {
    this.filledBy = null;
    this.diskSlow = this.syncFails = false;
    this.diskFailing = this.writesShort = this.wireLosing = 0;
  }
}

export function makeDisk(scheduler: Scheduler, faults: Faults): SimulatedDisk {
  return new SimulatedDisk({
    random: scheduler.random,
    timers: { after: (ms, run) => scheduler.after(ms, run) },
    delayMs: ({ kind, length }) => {
      scheduler.event('disk', kind.length * 1_000_000 + length);
      if (faults.diskSlow) scheduler.strike('disk slow');
      return scheduler.between(0.05, faults.diskSlow ? 80 : 1.2);
    },
    trouble: ({ kind, path, length }): DiskTrouble | null => {
      scheduler.trace(() => `disk: ${kind} ${path} ${length || ''}`);
      if (faults.syncFails && (kind === 'sync' || kind === 'writeDurably')) {
        faults.syncFails = false;
        scheduler.strike('sync fails');
        return { fault: 'failed' };
      }
      if (faults.diskFailing > 0 && scheduler.chance(faults.diskFailing)) {
        scheduler.strike('disk fails');
        return { fault: 'failed' };
      }
      if (faults.writesShort > 0 && kind.startsWith('write') && scheduler.chance(faults.writesShort)) {
        scheduler.strike('writes short');
        return { shortTo: Math.floor(scheduler.between(0, length)) };
      }
      return null;
    },
    leak: 0.3,
  });
}

/** A disk as one process sees it: when that is gone, nothing it asked for is ever answered. */
export function diskOf(disk: Disk, lease: Lease): Disk {
  return gated(disk, lease);
}

/** Every method that answers a promise answers it through the lease; files that come of it, too. */
function gated<T extends object>(target: T, lease: Lease): T {
  return new Proxy(target, {
    get(object, name) {
      const member: unknown = Reflect.get(object, name, object);
      if (typeof member !== 'function') return member;
      return (...values: unknown[]): unknown => {
        const answer: unknown = Reflect.apply(member, object, values);
        if (!(answer instanceof Promise)) return answer;
        return lease.gate(answer).then((value: unknown) => (isFile(value) ? gated(value, lease) : value));
      };
    },
  });
}

function isFile(value: unknown): value is object {
  return typeof value === 'object' && value !== null && 'close' in value;
}
