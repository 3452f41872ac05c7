/**
 * Lines: 10,000 rooms with 40,000 players on one machine, 1.2 messages per second and room: every message is
 * delivered once and in order, the p99 of a delivery is at most 12 ms, and all processes of the server
 * together use at most 0.9 of a core.
 *
 * Three game processes, so that none has more than 20,000 open files, and the main process on the server's
 * core; the load generator, also with three processes, on the other. Bodies of 135 bytes, arrivals spread
 * evenly; from handing a message to the kernel until a delivery is read; CPU of all processes, user and
 * system.
 */
import { runStandalone, type MeasureLines, scaled } from './standalone.ts';
import { noFaults, measureOnce } from './server-with-rooms.ts';

const ROOMS = 10_000;
const MESSAGES_PER_ROOM = 1.2;
const PROCESSES = 3;
const P99_MS_MAX = 12;
const CPU_MAX = 0.9;

export const manyRoomsLines: MeasureLines = async (options) => {
  const { folder, seconds } = options;
  const rooms = scaled(ROOMS, options, PROCESSES);
  const load = { rate: rooms * MESSAGES_PER_ROOM, seconds };
  const sample = await measureOnce({ rooms, processes: PROCESSES }, load, folder);
  return [
    { name: `p99 of a delivery with ${rooms} rooms`, unit: 'ms', value: sample.p99, max: P99_MS_MAX },
    { name: `CPU with ${rooms} rooms`, unit: 'of a core', value: sample.cpu, max: CPU_MAX },
    noFaults(`${rooms} rooms`, [sample]),
  ];
};

if (import.meta.main) await runStandalone(manyRoomsLines);
