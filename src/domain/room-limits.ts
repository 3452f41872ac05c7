/**
 * Limits of a room and its players. A game can set them for its rooms (`limits:` in game.yaml) within
 * ROOM_LIMITS_BOUNDS; the defaults apply to the limits that it does not set.
 */
import { ROOM_BYTES_MAX, ROOM_ENTRIES_MAX } from './room.ts';

export interface RoomLimits {
  /** Messages of one player (seat): sustained rate per second, and burst. Sent in the welcome. */
  readonly messageRate: number;
  readonly messageBurst: number;
  /** Messages of all players of a room: sustained rate per second, and burst. */
  readonly roomRate: number;
  readonly roomBurst: number;
  /** A message with a longer body is refused. Sent in the welcome. */
  readonly bodyBytesMax: number;
  /** Sockets in one room, including observers; more are closed (4006). */
  readonly socketsPerRoomMax: number;
  /** Totals of a room. */
  readonly roomEntriesMax: number;
  readonly roomBytesMax: number;
}

/** A room's rate is that of four players, its burst that of a full team of eight. */
const PLAYERS_PER_ROOM_RATE = 4;
const PLAYERS_PER_ROOM_BURST = 8;

export const ROOM_LIMITS: RoomLimits = {
  messageRate: 20,
  messageBurst: 60,
  roomRate: 20 * PLAYERS_PER_ROOM_RATE,
  roomBurst: 60 * PLAYERS_PER_ROOM_BURST,
  bodyBytesMax: 4 * 1024,
  socketsPerRoomMax: 64,
  roomEntriesMax: ROOM_ENTRIES_MAX,
  roomBytesMax: ROOM_BYTES_MAX,
};

/** The values that a game may choose. A body and the header of its message must fit into a frame of 8 KB. */
export const ROOM_LIMITS_BOUNDS: {
  readonly [K in keyof RoomLimits]: { readonly min: number; readonly max: number };
} = {
  messageRate: { min: 1, max: 60 },
  messageBurst: { min: 1, max: 240 },
  roomRate: { min: 1, max: 240 },
  roomBurst: { min: 1, max: 1_920 },
  bodyBytesMax: { min: 64, max: 8_000 },
  socketsPerRoomMax: { min: 1, max: 256 },
  roomEntriesMax: { min: 100, max: ROOM_ENTRIES_MAX },
  roomBytesMax: { min: 65_536, max: ROOM_BYTES_MAX },
};

/** Applies `set` to `base`. If a player's rate or burst is set and the room's is not, the room's is derived from it. */
export function withRoomLimits<T extends RoomLimits>(base: T, set: Partial<NoInfer<T>> | undefined): T {
  if (set === undefined) return base;
  const limits = { ...base, ...set };
  const rate = limits.messageRate * PLAYERS_PER_ROOM_RATE;
  const burst = limits.messageBurst * PLAYERS_PER_ROOM_BURST;
  return {
    ...limits,
    roomRate: set.roomRate ?? (set.messageRate === undefined ? limits.roomRate : rate),
    roomBurst: set.roomBurst ?? (set.messageBurst === undefined ? limits.roomBurst : burst),
  };
}
