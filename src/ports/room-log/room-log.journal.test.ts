/** The journal passes the room log's contract, on a simulated and on a real disk. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SimulatedDisk } from '../../../test/support/disks/disk.simulated.ts';
import { createSimulatedWorld, seededRandom } from '../../../test/support/in-process/world.simulated.ts';
import { lockFile } from '../../lib/lock.real.ts';
import { realWorld } from '../../lib/world.real.ts';
import { createRealDisk } from './journal/disk.real.ts';
import { type Journal, type JournalDeps, openJournal } from './room-log.journal.ts';
import { type RoomLogSubject, roomLogContract } from './room-log.contract.ts';

async function opened(options: JournalDeps): Promise<Journal> {
  const outcome = await openJournal(options);
  if (!outcome.ok) throw new Error(outcome.message);
  return outcome.journal;
}

const fatal = (error: Error): never => {
  throw error;
};

/** A restart is a power cut that loses everything that is not durable. */
async function simulated(disk = new SimulatedDisk({ random: seededRandom(1) })): Promise<RoomLogSubject> {
  const world = createSimulatedWorld(2);
  const lock = () => ({ ok: true, release: () => {} }) as const;
  const limits = { stepBytes: 4_096, segmentBytes: 16_384 };
  const journal = await opened({ disk, directory: 'journal', world, lock, fatal, limits });
  return {
    log: journal,
    wait: (result) => world.until(result),
    restart() {
      disk.powerCut('everything');
      world.clearTimers();
      return simulated(disk);
    },
    stop: async () => world.clearTimers(),
  };
}

/** A restart closes and reopens the journal. */
async function real(directory = mkdtempSync(join(tmpdir(), 'escapement-journal-'))): Promise<RoomLogSubject> {
  const limits = { stepBytes: 65_536 };
  const journal = await opened({
    disk: createRealDisk(),
    directory,
    world: realWorld,
    lock: lockFile,
    fatal,
    limits,
  });
  return {
    log: journal,
    wait: (result) => result,
    async restart() {
      await journal.close();
      return real(directory);
    },
    async stop() {
      await journal.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

roomLogContract('journal on a simulated disk', () => simulated());
roomLogContract('journal on the real disk', () => real());
