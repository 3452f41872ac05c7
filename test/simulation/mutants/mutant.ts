/** What a mutant may replace: adapters, wrappers around them, methods. Empty in a run without a mutant. */
import type { GameRules } from '../../../sdk/src/rules.ts';
import type { World } from '../../../src/lib/world.ts';
import type { Jobs } from '../../../src/ports/jobs/jobs.ts';
import type { Disk } from '../../../src/ports/room-log/journal/disk.ts';
import type { RoomLog } from '../../../src/ports/room-log/room-log.ts';
import type { RoomStore } from '../../../src/services/game/loading/room-store.ts';
import type { ServerEndpoint } from '../network.ts';
import type { Oracle } from '../oracle.ts';
import type { CountedMove, Tally } from '../order-game.ts';
import type { WrapStore } from '../pages.ts';

export interface Mutation {
  /** Frames for a congested socket are dropped silently. */
  readonly dropsWhenCongested?: boolean;
  /** Two processes may open one journal at a time. */
  readonly withoutLock?: boolean;
  /** The disk as the journal sees it. */
  readonly disk?: (disk: Disk) => Disk;
  /** The journal under the oracle's recorder (`watched-log.ts`). */
  readonly journal?: (log: RoomLog) => RoomLog;
  /** The log as the room server sees it, above the recorder. */
  readonly gameLog?: (log: RoomLog) => RoomLog;
  /** The log as the archiver sees it. */
  readonly archiverLog?: (log: RoomLog) => RoomLog;
  readonly store?: (store: RoomStore) => RoomStore;
  readonly gameWorld?: (world: World) => World;
  readonly endpoint?: (endpoint: ServerEndpoint, oracle: Oracle) => ServerEndpoint;
  readonly outbox?: WrapStore;
  /** The rules that pages run. */
  readonly rules?: (rules: GameRules<Tally, CountedMove>) => GameRules<Tally, CountedMove>;
  /** The job queue as the archiver sees it. */
  readonly jobs?: (jobs: Jobs) => Jobs;
  /** Rewrites a statement of the main database. */
  readonly sql?: (sql: string) => string;
  /** Replaces a method that no port reaches; returns a function that restores it. */
  readonly patch?: () => () => void;
}
