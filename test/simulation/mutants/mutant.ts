/** What a planted bug may replace: adapters, wrappers around them, methods. Nothing in an honest run. */
import type { GameRules } from '../../../sdk/src/rules.ts';
import type { World } from '../../../src/lib/world.ts';
import type { Jobs } from '../../../src/ports/jobs/jobs.ts';
import type { Disk } from '../../../src/ports/room-log/journal/disk.ts';
import type { RoomLog } from '../../../src/ports/room-log/room-log.ts';
import type { RoomStore } from '../../../src/services/game/loading/room-store.ts';
import type { ServerDoor } from '../network.ts';
import type { Oracle } from '../oracle.ts';
import type { CountedMove, Tally } from '../order-game.ts';
import type { WrapStore } from '../pages.ts';

export interface Plant {
  /** Frames for a congested socket are dropped. */
  readonly networkForgets?: boolean;
  /** Two processes may have one journal at a time. */
  readonly lockOpen?: boolean;
  /** The disk as the journal sees it. */
  readonly disk?: (disk: Disk) => Disk;
  /** The journal itself, with the oracle beside it. */
  readonly journal?: (log: RoomLog) => RoomLog;
  /** The log as the room server sees it. */
  readonly gameLog?: (log: RoomLog) => RoomLog;
  /** The log as the archiver sees it. */
  readonly archiverLog?: (log: RoomLog) => RoomLog;
  readonly store?: (store: RoomStore) => RoomStore;
  readonly gameWorld?: (world: World) => World;
  readonly door?: (door: ServerDoor, oracle: Oracle) => ServerDoor;
  readonly outbox?: WrapStore;
  /** The rules as pages have them. */
  readonly rules?: (rules: GameRules<Tally, CountedMove>) => GameRules<Tally, CountedMove>;
  /** The archiver's way to leave work behind. */
  readonly jobs?: (jobs: Jobs) => Jobs;
  /** A statement of the main database. */
  readonly sql?: (sql: string) => string;
  /** Replaces a method that no port reaches; answers how to put it back. */
  readonly patch?: () => () => void;
}
