/**
 * Lines: after kill -9 with 10,000 live rooms the program serves again in 3 s, and 99 % of 40,000
 * players are current again in 30 s; nothing they were shown is lost, nothing comes twice.
 *
 * 10,000 rooms × 4 players, 1.2 messages a second in each, three game processes on the server's core,
 * the load on the other. Ten seconds into the play all processes of the server get SIGKILL, and when
 * they are gone the program is started again with the same command, as a service manager would that
 * does not wait. Whatever is due meanwhile waits in the players' outboxes and is sent when they are back.
 *
 * - Serving: from the kill to the moment when a room of every game process is served again: for each, a
 *   page tries every 50 ms to come in, to a room at play, and the last of them to be live counts.
 * - Current: from the first lost connection to the moment when 99 % of the players are live again, that
 *   is, have everything up to the durable head. Players come back as the SDK does: backoff with full
 *   jitter, from 500 ms, at most 30 s.
 */
import { runLoad } from '../lib/load.ts';
import { BACKOFF_FIRST_MS, BACKOFF_MAX_MS } from '../../sdk/src/connection.ts';
import { alone, type LinesOf, say, scaled } from './alone.ts';
import { enter } from './crowd.ts';
import { BODY_BYTES, type Hall, openHall, PLAYERS, sourcesFor, WARM_UP_MS } from './hall.ts';

const ROOMS = 10_000;
const MESSAGES_PER_ROOM = 1.2;
const PROCESSES = 3;
const PLAY_MS = 10_000;
const SERVING_MS_MAX = 3_000;
const CURRENT_MS_MAX = 30_000;
/** Players that are not back then do not count as late but as lost. */
const AFTER_MS = 45_000;
const TRY_EVERY_MS = 50;

export const restartLines: LinesOf = async (options) => {
  const rooms = scaled(ROOMS, options, PROCESSES);
  // One seat more than there are players: the page that tries to come in.
  const hall = await openHall({ rooms, players: PLAYERS + 1, processes: PROCESSES }, options.folder);
  try {
    const struck: Promise<number>[] = [];
    const plan = {
      speech: 'escapement' as const,
      rooms: hall.rooms.map((room) => room.slice(0, PLAYERS)),
      rate: rooms * MESSAGES_PER_ROOM,
      bodyBytes: BODY_BYTES,
      warmUpMs: WARM_UP_MS,
      measureMs: PLAY_MS + AFTER_MS,
      sources: sourcesFor(hall.rooms),
      reconnect: { firstMs: BACKOFF_FIRST_MS, maxMs: BACKOFF_MAX_MS },
    };
    const report = await runLoad(plan, options.folder, (word) => {
      if (word === 'measuring') struck.push(strike(hall));
    });
    const serving = (await struck[0]) ?? Number.NaN;
    const { outage, faults, expected, delivered, firstFault, resets } = report;
    say(`${outage.awayMost} players were away; half were back after ${outage.halfBackMs.toFixed(0)} ms`);
    say(`p50 ${report.p50} ms over all, ${outage.reconnects} reconnects, ${resets} resets`);
    if (firstFault) say(`first fault: ${firstFault}`);
    const current = outage.back99Ms < 0 ? Number.NaN : outage.back99Ms;
    const lost = faults + expected - delivered + resets;
    return [
      {
        name: `serving again after kill -9 with ${rooms} rooms`,
        unit: 'ms',
        value: serving,
        max: SERVING_MS_MAX,
      },
      { name: '99 % of the players current again', unit: 'ms', value: current, max: CURRENT_MS_MAX },
      { name: 'kill -9: missing, repeated, out of order or reset', unit: 'deliveries', value: lost, max: 0 },
    ];
  } finally {
    await hall.close();
  }
};

/** Kills and starts again; answers how long it was from the kill until the last of the pages was in, ms. */
async function strike(hall: Hall): Promise<number> {
  // Each game process has a port of its own.
  const processes = Map.groupBy(hall.rooms, ([place]) => place?.port).values();
  await Bun.sleep(PLAY_MS);
  say('kill -9');
  const began = performance.now();
  const pages = Array.from(processes, (rooms) => untilIn(rooms, began));
  await hall.strike();
  const serving = await Promise.all(pages);
  say(`serving again: ${serving.map((ms) => `${ms.toFixed(0)} ms`).join(', ')}`);
  return Math.max(...serving);
}

/** NaN if it did not come in. */
async function untilIn(rooms: Hall['rooms'], began: number): Promise<number> {
  // What is still open answers once more: only who comes in after that has come back.
  await Bun.sleep(TRY_EVERY_MS);
  for (let room = 0; performance.now() - began < AFTER_MS; room++) {
    const place = rooms[room % rooms.length]?.[PLAYERS];
    const player = place && (await Promise.race([enter(place).catch(() => null), Bun.sleep(AFTER_MS)]));
    if (player) {
      player.close();
      return performance.now() - began;
    }
    await Bun.sleep(TRY_EVERY_MS);
  }
  return Number.NaN;
}

if (import.meta.main) await alone(restartLines);
