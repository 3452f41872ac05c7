/**
 * Lines: an idle socket takes at most 4 KB of resident memory, a played and archived room at most 32 KB.
 *
 * - Idle socket: resident memory with 60 live, idle players in each of 300 rooms (18,000 sockets), minus that
 *   with 5 players in each (1,500 sockets), divided by the difference of sockets. Each in a new process, read
 *   after 16 s without messages, so that every socket has had a heartbeat. The rooms are the same. What the
 *   kernel keeps for a socket is not resident memory of the process.
 * - Played room: resident memory with 4,000 rooms of 4 live players, minus that with 200 such rooms, divided
 *   by the difference of rooms. In each room 60 moves of 135 bytes were played, the last one ends the game,
 *   and then the room was archived (checked in the database). Its four sockets are part of the room. 400 rooms
 *   are played at a time, since real rooms do not all end at once.
 *
 * Resident memory is what Linux counts (VmRSS), including garbage and free pages of the runtime.
 */
import { forAll } from '../lib/for-all.ts';
import { processTree, residentMb } from '../lib/process.ts';
import { runStandalone, type LineOptions, type MeasureLines, log, scaled } from './standalone.ts';
import { waitForFinished } from './archived-rooms.ts';
import { type EnteredPage, enterRoom, pageAddressOf } from './counting-page.ts';
import {
  BODY_BYTES,
  type ServerWithRooms,
  startServerWithRooms,
  measureLoad,
  PLAYERS,
} from './server-with-rooms.ts';

const SOCKET_KB_MAX = 4;
const IDLE_ROOMS = 300;
const PLAYERS_FEW = 5;
const PLAYERS_MANY = 60;

const ROOM_KB_MAX = 32;
const ROOMS_FEW = 200;
const ROOMS_MANY = 4_000;
const MESSAGES = 60;
const ROOMS_AT_ONCE = 400;
/** Longer than the interval of heartbeats, 15 s. */
const QUIET_SECONDS = 16;

export const memoryLines: MeasureLines = async (options) => {
  const rooms = scaled(IDLE_ROOMS, options);
  const few = await idleMb(rooms, PLAYERS_FEW, options);
  const many = await idleMb(rooms, PLAYERS_MANY, options);
  const socketKb = ((many - few) * 1_024) / (rooms * (PLAYERS_MANY - PLAYERS_FEW));
  const playedFew = scaled(ROOMS_FEW, options);
  const playedMany = scaled(ROOMS_MANY, options, 2 * playedFew);
  const before = await playedMb(playedFew, options);
  const after = await playedMb(playedMany, options);
  const roomKb = ((after - before) * 1_024) / (playedMany - playedFew);
  return [
    { name: 'resident memory of an idle socket', unit: 'KB', value: socketKb, max: SOCKET_KB_MAX },
    { name: 'resident memory of a played room, archived', unit: 'KB', value: roomKb, max: ROOM_KB_MAX },
  ];
};

async function idleMb(rooms: number, players: number, { folder }: LineOptions): Promise<number> {
  const server = await startServerWithRooms({ rooms, players }, folder);
  try {
    const { memoryMb } = await measureLoad(server, { rate: 0, seconds: QUIET_SECONDS }, folder);
    log(`${rooms * players} idle sockets in ${rooms} rooms: ${memoryMb.toFixed(1)} MB`);
    return memoryMb;
  } finally {
    await server.stop();
  }
}

async function playedMb(rooms: number, { folder }: LineOptions): Promise<number> {
  const server = await startServerWithRooms({ rooms }, folder);
  const pages: EnteredPage[] = [];
  try {
    await forAll(server.rooms, ROOMS_AT_ONCE, async (seats) => {
      pages.push(...(await playRoom(seats)));
    });
    await waitForFinished(server.dataDir, rooms);
    await Bun.sleep(QUIET_SECONDS * 1_000);
    const memoryMb = residentOf(server);
    log(`${rooms} rooms played and archived, ${pages.length} sockets: ${memoryMb.toFixed(1)} MB`);
    return memoryMb;
  } finally {
    for (const page of pages) page.close();
    await server.stop();
  }
}

/** The players take turns; the last move ends the game, and the pages then finish the room. */
async function playRoom(seats: ServerWithRooms['rooms'][number]): Promise<EnteredPage[]> {
  const pages = await Promise.all(seats.map((seat) => enterRoom(pageAddressOf(seat))));
  for (let move = 1; move <= MESSAGES; move++) {
    await pages[move % PLAYERS]?.move(moveOf(move === MESSAGES));
  }
  return pages;
}

/** BODY_BYTES bytes of JSON. */
function moveOf(over: boolean) {
  const length = JSON.stringify({ over, filler: '' }).length;
  return { over, filler: 'x'.repeat(BODY_BYTES - length) };
}

function residentOf({ pids }: ServerWithRooms): number {
  return pids.flatMap(processTree).reduce((sum, pid) => sum + residentMb(pid), 0);
}

if (import.meta.main) await runStandalone(memoryLines);
