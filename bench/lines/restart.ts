/**
 * Lines: after kill -9 with 10,000 live rooms, the program serves again within 3 s and 99 % of 40,000
 * players are current again within 30 s. Nothing that a player saw is lost or repeated.
 *
 * 10,000 rooms × 4 players, 1.2 messages per second and room, three game processes on the server's core,
 * the load on the other. After ten seconds of load, all processes of the server get SIGKILL. As soon as
 * they have ended, the program is started again with the same command. Messages that are due meanwhile wait in
 * the players' outboxes and are sent after the reconnect.
 *
 * - Serving: from the kill until every game process serves rooms again. For each process, an SDK page tries
 *   to join one of its rooms every 50 ms; the last of these pages to be live counts.
 * - Current: from the first lost connection until 99 % of the players are live again, that is, have
 *   everything up to the durable head. Players reconnect as the SDK does: backoff with full jitter, from
 *   500 ms, at most 30 s.
 */
import { runLoad } from '../lib/load-generator.ts';
import { BACKOFF_FIRST_MS, BACKOFF_MAX_MS } from '../../sdk/src/connection.ts';
import { runStandalone, type MeasureLines, log, scaled } from './standalone.ts';
import { enterRoom, pageAddressOf } from './counting-page.ts';
import {
  BODY_BYTES,
  type ServerWithRooms,
  startServerWithRooms,
  PLAYERS,
  sourcesFor,
  WARM_UP_MS,
} from './server-with-rooms.ts';

const ROOMS = 10_000;
const MESSAGES_PER_ROOM = 1.2;
const PROCESSES = 3;
const PLAY_MS = 10_000;
const SERVING_MS_MAX = 3_000;
const CURRENT_MS_MAX = 30_000;
/** Deliveries to players that are not back by then count as lost, not as late. */
const AFTER_MS = 45_000;
const TRY_EVERY_MS = 50;

export const restartLines: MeasureLines = async (options) => {
  const rooms = scaled(ROOMS, options, PROCESSES);
  // One more seat than players, for the page that tries to join.
  const server = await startServerWithRooms(
    { rooms, players: PLAYERS + 1, processes: PROCESSES },
    options.folder,
  );
  try {
    const servingMs: Promise<number>[] = [];
    const plan = {
      protocol: 'escapement' as const,
      rooms: server.rooms.map((room) => room.slice(0, PLAYERS)),
      rate: rooms * MESSAGES_PER_ROOM,
      bodyBytes: BODY_BYTES,
      warmUpMs: WARM_UP_MS,
      measureMs: PLAY_MS + AFTER_MS,
      sources: sourcesFor(server.rooms),
      reconnect: { firstMs: BACKOFF_FIRST_MS, maxMs: BACKOFF_MAX_MS },
    };
    const report = await runLoad(plan, options.folder, (phase) => {
      if (phase === 'measuring') servingMs.push(killAndMeasure(server));
    });
    const serving = (await servingMs[0]) ?? Number.NaN;
    const { outage, faults, expected, delivered, firstFault, resets } = report;
    log(`${outage.awayMax} players were away; half were back after ${outage.halfBackMs.toFixed(0)} ms`);
    log(`p50 ${report.p50} ms overall, ${outage.reconnects} reconnects, ${resets} resets`);
    if (firstFault) log(`first fault: ${firstFault}`);
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
    await server.stop();
  }
};

/** Kills the program and starts it again. Returns the time from the kill until the last page was live, ms. */
async function killAndMeasure(server: ServerWithRooms): Promise<number> {
  // Each game process has its own port.
  const processes = Map.groupBy(server.rooms, ([endpoint]) => endpoint?.port).values();
  await Bun.sleep(PLAY_MS);
  log('kill -9');
  const began = performance.now();
  const pages = Array.from(processes, (rooms) => timeToEnter(rooms, began));
  await server.killAndRestart();
  const serving = await Promise.all(pages);
  log(`serving again: ${serving.map((ms) => `${ms.toFixed(0)} ms`).join(', ')}`);
  return Math.max(...serving);
}

/** The time from `began` until a page is live in one of the rooms, ms; NaN if it never is. */
async function timeToEnter(rooms: ServerWithRooms['rooms'], began: number): Promise<number> {
  // Processes that are being killed may still respond for a moment.
  await Bun.sleep(TRY_EVERY_MS);
  for (let room = 0; performance.now() - began < AFTER_MS; room++) {
    const seat = rooms[room % rooms.length]?.[PLAYERS];
    const entering = seat && enterRoom(pageAddressOf(seat)).catch(() => null);
    const page = await Promise.race([entering, Bun.sleep(AFTER_MS)]);
    if (page) {
      page.close();
      return performance.now() - began;
    }
    await Bun.sleep(TRY_EVERY_MS);
  }
  return Number.NaN;
}

if (import.meta.main) await runStandalone(restartLines);
