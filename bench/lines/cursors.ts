/**
 * Line: cursors that move 20 % of the time raise the p99 of moves by at most 2 ms.
 *
 * 1,000 rooms × 4 players, 1.2 messages per second and room, first without cursors, then with them, each on a
 * new server. With cursors: at any time a fifth of the players, another fifth each second, sends ten
 * positions per second, which is the rate at which rooms send them on. Only moves are timed, from handing
 * the message to the kernel until a delivery is read. All else is equal.
 */
import { runStandalone, type MeasureLines, log, scaled } from './standalone.ts';
import { noFaults, measureOnce } from './server-with-rooms.ts';

const ROOMS = 1_000;
const MESSAGES_PER_ROOM = 1.2;
const CURSORS = { share: 0.2, perSecond: 10 };
const INCREASE_MS_MAX = 2;

export const cursorLines: MeasureLines = async (options) => {
  const { folder, seconds } = options;
  const rooms = scaled(ROOMS, options);
  const rate = rooms * MESSAGES_PER_ROOM;
  const without = await measureOnce({ rooms }, { rate, seconds }, folder);
  const withCursors = await measureOnce({ rooms }, { rate, seconds, cursors: CURSORS }, folder);
  const { signals } = withCursors.report;
  log(`${(signals / seconds).toFixed(0)} frames with cursors were received per second`);
  if (signals === 0) throw new Error('no cursor was received');
  const value = withCursors.p99 - without.p99;
  return [
    { name: 'increase of the p99 of moves by cursors', unit: 'ms', value, max: INCREASE_MS_MAX },
    noFaults('cursors', [without, withCursors]),
  ];
};

if (import.meta.main) await runStandalone(cursorLines);
