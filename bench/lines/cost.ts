/**
 * Line: a delivery costs at 10,000 rooms at most 1.15 times what it costs at 100 rooms.
 *
 * CPU of all processes of the server, user and system, divided by the deliveries of the same stretch:
 * once with 10,000 rooms, once with 100. Held equal: 4 players in each room, 7,200 messages a second
 * in all, bodies of 135 bytes, arrivals spread evenly, three game processes on the one core. (At 100
 * rooms each player then sends 18 a second: 20 is the most that a room takes.) Not held equal, and so
 * part of what is compared: 40,000 sockets against 400, each with its heartbeat every 15 s, and how many
 * messages of one room meet in one commit.
 */
import { alone, type LinesOf, say, scaled } from './alone.ts';
import { clean, playOnce } from './hall.ts';

const ROOMS_FEW = 100;
const ROOMS_MANY = 10_000;
const PER_SECOND = 7_200;
/** 40,000 sockets need three processes of 20,000 open files. */
const PROCESSES = 3;
const RATIO_MAX = 1.15;

export const costLines: LinesOf = async (options) => {
  const { folder, seconds } = options;
  const load = { rate: scaled(PER_SECOND, options), seconds };
  const of = (rooms: number) =>
    playOnce({ rooms: scaled(rooms, options), processes: PROCESSES }, load, folder);
  const few = await of(ROOMS_FEW);
  const many = await of(ROOMS_MANY);
  const [costFew, costMany] = [few, many].map((one) => (one.cpu / one.deliveriesPerSecond) * 1e6);
  say(`CPU of a delivery: ${costFew?.toFixed(1)} µs, with many rooms ${costMany?.toFixed(1)} µs`);
  const value = (costMany ?? Number.NaN) / (costFew ?? Number.NaN);
  return [
    { name: 'CPU of a delivery, 10,000 rooms against 100', unit: '×', value, max: RATIO_MAX },
    clean('100 and 10,000 rooms', [few, many]),
  ];
};

if (import.meta.main) await alone(costLines);
