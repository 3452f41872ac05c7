/** Every limit of the room server. Each is declared where it is enforced; this is the list of them. */
import { ROOM_LIMITS, type RoomLimits, withRoomLimits } from '../../domain/room-limits.ts';
import { DOOR_LIMITS, type DoorLimits } from './door.ts';
import { INTAKE_LIMITS, type IntakeLimits } from './intake.ts';
import { LEDGER_LIMITS, type LedgerLimits } from './ledger.ts';
import { OUTLET_LIMITS, type OutletLimits } from './outlet.ts';
import { SMALL_LIMITS, type SmallLimits } from './room-pace.ts';
import { TABLE_LIMITS, type TableLimits } from './rooms.ts';
import { SESSION_LIMITS, type SessionLimits } from './session.ts';

export interface GameLimits
  extends
    DoorLimits,
    SessionLimits,
    RoomLimits,
    SmallLimits,
    IntakeLimits,
    LedgerLimits,
    OutletLimits,
    TableLimits {}

const GAME_LIMITS: GameLimits = {
  ...DOOR_LIMITS,
  ...SESSION_LIMITS,
  ...ROOM_LIMITS,
  ...SMALL_LIMITS,
  ...INTAKE_LIMITS,
  ...LEDGER_LIMITS,
  ...OUTLET_LIMITS,
  ...TABLE_LIMITS,
};

/** The limits of a host; `change` is what differs there. */
export function gameLimits(change: Partial<GameLimits> | undefined): GameLimits {
  return withRoomLimits(GAME_LIMITS, change);
}
