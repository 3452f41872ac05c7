/**
 * Lines: an idle socket takes at most 4 KB of resident memory, a played room after a sweep at most
 * 32 KB.
 *
 * - Idle socket: resident memory with 60 live, silent players in each of 300 rooms (18,000 sockets),
 *   less that with 5 in each (1,500), divided by the difference. Both in fresh processes, read after
 *   15 s of quiet, so that every socket has had a heartbeat. Held equal: rooms, releases, load. What
 *   the kernel keeps for a socket is not resident memory of the process.
 * - Played room: resident memory with 4,000 rooms × 4 live players whose 60 messages (135 bytes) each
 *   were played, and archived after a finish (checked in the database), less that with 200 such rooms,
 *   divided by the difference. Its four sockets are part of the room. Rooms are played 400 at a time,
 *   a finish behind the last message, as rooms in the world do not all end at once.
 *
 * Resident is what the system counts (VmRSS), garbage and free pages of the runtime included.
 */
import { RecordKind } from '../../sdk/protocol/record.ts';
import { family, residentMb } from '../lib/process.ts';
import { alone, type LineOptions, type LinesOf, say, scaled } from './alone.ts';
import { untilFinished } from './archive.ts';
import { enter, forAll, type Player } from './crowd.ts';
import { BODY_BYTES, type Hall, openHall, play, PLAYERS } from './hall.ts';

const SOCKET_KB_MAX = 4;
const CROWDED_ROOMS = 300;
const PLAYERS_FEW = 5;
const PLAYERS_MANY = 60;

const ROOM_KB_MAX = 32;
const ROOMS_FEW = 200;
const ROOMS_MANY = 4_000;
const MESSAGES = 60;
const ROOMS_AT_ONCE = 400;
/** A full turn of the heartbeats. */
const QUIET_SECONDS = 16;

export const memoryLines: LinesOf = async (options) => {
  const rooms = scaled(CROWDED_ROOMS, options);
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
    { name: 'resident memory of a played room, swept', unit: 'KB', value: roomKb, max: ROOM_KB_MAX },
  ];
};

async function idleMb(rooms: number, players: number, { folder }: LineOptions): Promise<number> {
  const hall = await openHall({ rooms, players }, folder);
  try {
    const { memoryMb } = await play(hall, { rate: 0, seconds: QUIET_SECONDS }, folder);
    say(`${rooms * players} idle sockets in ${rooms} rooms: ${memoryMb.toFixed(1)} MB`);
    return memoryMb;
  } finally {
    await hall.close();
  }
}

async function playedMb(rooms: number, { folder }: LineOptions): Promise<number> {
  const hall = await openHall({ rooms }, folder);
  const players: Player[] = [];
  try {
    await forAll(hall.rooms, ROOMS_AT_ONCE, async (places) => {
      players.push(...(await playRoom(places)));
    });
    await untilFinished(hall.dataDir, rooms);
    await Bun.sleep(QUIET_SECONDS * 1_000);
    const memoryMb = residentOf(hall);
    say(`${rooms} rooms played and swept, ${players.length} sockets: ${memoryMb.toFixed(1)} MB`);
    return memoryMb;
  } finally {
    for (const player of players) player.close();
    await hall.close();
  }
}

/** Everybody moves in turn, and the last word is the finish. */
async function playRoom(places: Hall['rooms'][number]): Promise<Player[]> {
  const players = await Promise.all(places.map((place) => enter(place)));
  const body = new Uint8Array(BODY_BYTES).fill(120);
  for (let move = 0; move < MESSAGES; move++) await players[move % PLAYERS]?.say(RecordKind.move, body);
  await players[0]?.say(RecordKind.finish, new Uint8Array());
  return players;
}

function residentOf({ pids }: Hall): number {
  return pids.flatMap(family).reduce((sum, pid) => sum + residentMb(pid), 0);
}

if (import.meta.main) await alone(memoryLines);
