/**
 * Line: cursors that move 20 % of the time lift the moves' p99 by at most 2 ms.
 *
 * 1,000 rooms × 4 players, 1.2 messages a second in each room, once without cursors and once with,
 * one after the other, each on a server of its own. With: at any moment a fifth of the players, another fifth
 * each second, sends ten positions a second, the tick at which rooms pass them on. Only moves are
 * timed, from handing the message to the kernel to reading a delivery. Held equal: everything but
 * the cursors.
 */
import { alone, type LinesOf, say, scaled } from './alone.ts';
import { clean, playOnce } from './hall.ts';

const ROOMS = 1_000;
const MESSAGES_PER_ROOM = 1.2;
const CURSORS = { share: 0.2, perSecond: 10 };
const LIFT_MS_MAX = 2;

export const cursorLines: LinesOf = async (options) => {
  const { folder, seconds } = options;
  const rooms = scaled(ROOMS, options);
  const rate = rooms * MESSAGES_PER_ROOM;
  const still = await playOnce({ rooms }, { rate, seconds }, folder);
  const moving = await playOnce({ rooms }, { rate, seconds, cursors: CURSORS }, folder);
  const { signals } = moving.report;
  say(`${(signals / seconds).toFixed(0)} frames of cursors came each second`);
  if (signals === 0) throw new Error('no cursor came');
  const value = moving.p99 - still.p99;
  return [
    { name: "what cursors add to the moves' p99", unit: 'ms', value, max: LIFT_MS_MAX },
    clean('cursors', [still, moving]),
  ];
};

if (import.meta.main) await alone(cursorLines);
