/** Measures what disturbed a measurement, steal and other work, from /proc/stat (proc_stat(5)). */
import { readFileSync } from 'node:fs';
import { SERVER_CORE } from './process.ts';

/** The time of one core since the machine started, in clock ticks. */
export interface CoreTime {
  /** user, nice, system, irq, softirq. */
  readonly busy: number;
  /** Time in which the core had something to run but the hypervisor ran something else. */
  readonly steal: number;
  /** All states, idle and steal included. */
  readonly total: number;
}

/** In shares of the measured stretch, 0 to 1. */
export interface Disturbance {
  /** Share of the time of all cores. */
  readonly steal: number;
  /** Share of the server's core that was used by anything but the server, the kernel's own threads included. */
  readonly others: number;
}

export function readMachineTime(): readonly CoreTime[] {
  return parseMachineTime(readFileSync('/proc/stat', 'utf8'));
}

/** One element per core. */
export function parseMachineTime(stat: string): readonly CoreTime[] {
  return stat
    .split('\n')
    .filter((line) => /^cpu\d/.test(line))
    .map((line) => {
      // The next two columns, guest times, are contained in user and nice.
      const [user = 0, nice = 0, system = 0, idle = 0, ioWait = 0, irq = 0, softIrq = 0, steal = 0] = line
        .split(/\s+/)
        .slice(1)
        .map(Number);
      const busy = user + nice + system + irq + softIrq;
      return { busy, steal, total: busy + idle + ioWait + steal };
    });
}

/** `serverCpu`: the share of its core that the server used in the same stretch. */
export function disturbance(
  before: readonly CoreTime[],
  after: readonly CoreTime[],
  serverCpu: number,
): Disturbance {
  const passed = after.map(({ busy, steal, total }, core) => ({
    busy: busy - (before[core]?.busy ?? 0),
    steal: steal - (before[core]?.steal ?? 0),
    total: total - (before[core]?.total ?? 0),
  }));
  const sum = (of: (core: CoreTime) => number): number => passed.reduce((all, core) => all + of(core), 0);
  const { busy = 0, total = 0 } = passed[SERVER_CORE] ?? {};
  return {
    steal: sum(({ steal }) => steal) / sum((core) => core.total),
    // Ticks are sampled, so without other work the difference may be slightly below 0.
    others: Math.max(0, busy / total - serverCpu),
  };
}
