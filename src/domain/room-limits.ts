/**
 * How much a room and its players may do. A game may set these for its rooms (`limits:` in game.yaml),
 * each within the platform's own bounds; what it does not set is the host's.
 */
import { ROOM_BYTES_MAX, ROOM_ENTRIES_MAX } from './room.ts';

export interface RoomLimits {
  /** Messages of one player (seat): per second in the long run, and at once. Told in the welcome. */
  readonly messageRate: number;
  readonly messageBurst: number;
  /** Messages of all players of a room: per second in the long run, and at once. */
  readonly roomRate: number;
  readonly roomBurst: number;
  /** A longer body of a message is refused. Told in the welcome. */
  readonly bodyBytesMax: number;
  /** Sockets in one room, watchers included; more are closed (4006). */
  readonly socketsPerRoomMax: number;
  /** Totals of a room. */
  readonly roomEntriesMax: number;
  readonly roomBytesMax: number;
}

/** A room takes what so many players may send in the long run, and what a full team of eight has at once. */
const PLAYERS_AT_RATE = 4;
const PLAYERS_AT_ONCE = 8;

export const ROOM_LIMITS: RoomLimits = {
  messageRate: 20,
  messageBurst: 60,
  roomRate: 20 * PLAYERS_AT_RATE,
  roomBurst: 60 * PLAYERS_AT_ONCE,
  bodyBytesMax: 4 * 1024,
  socketsPerRoomMax: 64,
  roomEntriesMax: ROOM_ENTRIES_MAX,
  roomBytesMax: ROOM_BYTES_MAX,
};

/** Between these a game may choose. A body must fit into a frame of 8 KB with the head of its message. */
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

/** `base` with what is set instead; a room's rates that are not set follow those of its players. */
export function withRoomLimits<T extends RoomLimits>(base: T, set: Partial<NoInfer<T>> | undefined): T {
  if (set === undefined) return base;
  const limits = { ...base, ...set };
  const rate = limits.messageRate * PLAYERS_AT_RATE;
  const burst = limits.messageBurst * PLAYERS_AT_ONCE;
  return {
    ...limits,
    roomRate: set.roomRate ?? (set.messageRate === undefined ? limits.roomRate : rate),
    roomBurst: set.roomBurst ?? (set.messageBurst === undefined ? limits.roomBurst : burst),
  };
}
