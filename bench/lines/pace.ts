/**
 * Line: where little happens nobody waits for the pace of commits. At 200 messages a second, p50 of
 * a delivery at most 1 ms.
 *
 * 50 rooms × 4 players, 4 messages a second in each, so 20 ms may pass between two messages of the
 * process and 5 ms usually do; arrivals spread evenly; from handing the message to the kernel to
 * reading a delivery. The write of a lone message to this disk is in it.
 */
import { alone, type LinesOf } from './alone.ts';
import { clean, playOnce } from './hall.ts';

const ROOMS = 50;
const PER_SECOND = 200;
const P50_MS_MAX = 1;

export const paceLines: LinesOf = async ({ folder, seconds }) => {
  const sample = await playOnce({ rooms: ROOMS }, { rate: PER_SECOND, seconds }, folder);
  return [
    { name: `p50 at ${PER_SECOND} messages/s`, unit: 'ms', value: sample.p50, max: P50_MS_MAX },
    clean(`${PER_SECOND} messages/s`, [sample]),
  ];
};

if (import.meta.main) await alone(paceLines);
