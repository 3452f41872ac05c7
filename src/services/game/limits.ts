/** All limits of the room server in one type. Each is declared in the file that enforces it. */
import { ROOM_LIMITS, type RoomLimits, withRoomLimits } from '../../domain/room-limits.ts';
import { ADMISSION_LIMITS, type AdmissionLimits } from './socket/admission-control.ts';
import { READ_THROTTLE_LIMITS, type ReadThrottleLimits } from './socket/read-throttle.ts';
import { SEQUENCER_LIMITS, type SequencerLimits } from './room/sequencer.ts';
import { SEND_BUFFER_LIMITS, type SendBufferLimits } from './socket/send-buffer.ts';
import { CONTROL_RATE_LIMITS, type ControlRateLimits } from './socket/rate-limits.ts';
import { ROOM_SOCKET_LIMITS, type RoomSocketLimits } from './room/room.ts';
import { LOAD_LIMITS, type LoadLimits } from './room/room-table.ts';
import { SESSION_LIMITS, type SessionLimits } from './socket/session.ts';

export interface GameLimits
  extends
    AdmissionLimits,
    SessionLimits,
    RoomLimits,
    RoomSocketLimits,
    ControlRateLimits,
    ReadThrottleLimits,
    SequencerLimits,
    SendBufferLimits,
    LoadLimits {}

const GAME_LIMITS: GameLimits = {
  ...ADMISSION_LIMITS,
  ...SESSION_LIMITS,
  ...ROOM_LIMITS,
  ...ROOM_SOCKET_LIMITS,
  ...CONTROL_RATE_LIMITS,
  ...READ_THROTTLE_LIMITS,
  ...SEQUENCER_LIMITS,
  ...SEND_BUFFER_LIMITS,
  ...LOAD_LIMITS,
};

/** The limits of a host: the defaults, overridden by `change`. */
export function gameLimits(change: Partial<GameLimits> | undefined): GameLimits {
  return withRoomLimits(GAME_LIMITS, change);
}
