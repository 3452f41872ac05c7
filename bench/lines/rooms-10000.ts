/**
 * Lines: 10,000 rooms with 40,000 players on one machine, 1.2 messages a second in each room: every
 * message delivered once and in order, p99 of a delivery at most 12 ms, all processes of the server
 * together at most 0.9 of a core.
 *
 * Three game processes, so that none has more than 20,000 open files, all on the server's core with the
 * one that started them; the load generator on the other core, which splits itself likewise. Bodies of
 * 135 bytes, arrivals spread evenly; from handing a message to the kernel to reading a delivery; CPU of
 * all processes, user and system.
 */
import { alone, type LinesOf, scaled } from './alone.ts';
import { clean, playOnce } from './hall.ts';

const ROOMS = 10_000;
const MESSAGES_PER_ROOM = 1.2;
const PROCESSES = 3;
const P99_MS_MAX = 12;
const CPU_MAX = 0.9;

export const manyRoomsLines: LinesOf = async (options) => {
  const { folder, seconds } = options;
  const rooms = scaled(ROOMS, options, PROCESSES);
  const load = { rate: rooms * MESSAGES_PER_ROOM, seconds };
  const sample = await playOnce({ rooms, processes: PROCESSES }, load, folder);
  return [
    { name: `p99 of a delivery with ${rooms} rooms`, unit: 'ms', value: sample.p99, max: P99_MS_MAX },
    { name: `CPU with ${rooms} rooms`, unit: 'of a core', value: sample.cpu, max: CPU_MAX },
    clean(`${rooms} rooms`, [sample]),
  ];
};

if (import.meta.main) await alone(manyRoomsLines);
