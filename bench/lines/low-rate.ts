/**
 * Line: at a low rate, messages do not wait for the interval between commits. At 200 messages per second, the
 * p50 of a delivery is at most 1 ms.
 *
 * 50 rooms × 4 players, 4 messages per second and room, arrivals spread evenly, so every 5 ms; from handing the
 * message to the kernel until a delivery is read. Each message is written to the disk alone, which is included.
 */
import { runStandalone, type MeasureLines } from './standalone.ts';
import { noFaults, measureOnce } from './server-with-rooms.ts';

const ROOMS = 50;
const PER_SECOND = 200;
const P50_MS_MAX = 1;

export const lowRateLines: MeasureLines = async ({ folder, seconds }) => {
  const sample = await measureOnce({ rooms: ROOMS }, { rate: PER_SECOND, seconds }, folder);
  return [
    { name: `p50 at ${PER_SECOND} messages/s`, unit: 'ms', value: sample.p50, max: P50_MS_MAX },
    noFaults(`${PER_SECOND} messages/s`, [sample]),
  ];
};

if (import.meta.main) await runStandalone(lowRateLines);
