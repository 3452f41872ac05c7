/** The wrapper passes the room log's contract as long as no result is replaced. */
import { roomLogContract, type RoomLogSubject } from '../../../src/ports/room-log/room-log.contract.ts';
import { createJournalFixture, type JournalFixture } from './journal-fixture.ts';
import { InstrumentedRoomLog } from './room-log.instrumented.ts';

async function subject(fixture: JournalFixture): Promise<RoomLogSubject> {
  return {
    log: new InstrumentedRoomLog(await fixture.open()),
    wait: (result) => fixture.world.until(result),
    restart() {
      fixture.powerCut('everything');
      return subject(fixture);
    },
    async stop() {
      fixture.world.clearTimers();
    },
  };
}

roomLogContract('an instrumented journal', () => subject(createJournalFixture(3)));
