/** The switched log, with nothing switched, is a room log like any other. */
import { roomLogContract, type RoomLogSubject } from '../../../src/ports/room-log/room-log.contract.ts';
import { createJournalBench, type JournalBench } from './journal-fixture.ts';
import { SwitchedRoomLog } from './room-log.switched.ts';

async function subject(bench: JournalBench): Promise<RoomLogSubject> {
  return {
    log: new SwitchedRoomLog(await bench.open()),
    wait: (answer) => bench.world.until(answer),
    restart() {
      bench.cut('everything');
      return subject(bench);
    },
    async stop() {
      bench.world.clearTimers();
    },
  };
}

roomLogContract('a journal behind switches', () => subject(createJournalBench(3)));
