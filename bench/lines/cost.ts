/**
 * Line: with 10,000 rooms, a delivery takes at most 1.15 times the CPU that it takes with 100 rooms.
 *
 * CPU of all processes of the server, user and system, divided by the deliveries of the same stretch. Equal
 * in both: 4 players per room, 7,200 messages per second in all, bodies of 135 bytes, arrivals spread evenly,
 * three game processes on one core. (With 100 rooms, each player sends 18 messages per second; the limit is
 * 20.) Different, and so part of the comparison: 40,000 sockets instead of 400, each with a heartbeat every
 * 15 s, and the number of messages of a room that share a commit.
 */
import { perDelivery } from '../lib/table.ts';
import { runStandalone, type MeasureLines, log, scaled } from './standalone.ts';
import { noFaults, measureOnce } from './server-with-rooms.ts';

const ROOMS_FEW = 100;
const ROOMS_MANY = 10_000;
const PER_SECOND = 7_200;
/** 40,000 sockets need three processes of 20,000 open files. */
const PROCESSES = 3;
const RATIO_MAX = 1.15;

export const costLines: MeasureLines = async (options) => {
  const { folder, seconds } = options;
  const load = { rate: scaled(PER_SECOND, options), seconds };
  const measureWith = (rooms: number) =>
    measureOnce({ rooms: scaled(rooms, options), processes: PROCESSES }, load, folder);
  const few = await measureWith(ROOMS_FEW);
  const many = await measureWith(ROOMS_MANY);
  const [costFew, costMany] = [few, many].map((sample) => perDelivery(sample) * 1e6);
  log(`CPU per delivery: ${costFew?.toFixed(1)} µs, with many rooms ${costMany?.toFixed(1)} µs`);
  const value = (costMany ?? Number.NaN) / (costFew ?? Number.NaN);
  return [
    { name: 'CPU per delivery, 10,000 rooms against 100', unit: '×', value, max: RATIO_MAX },
    noFaults('100 and 10,000 rooms', [few, many]),
  ];
};

if (import.meta.main) await runStandalone(costLines);
