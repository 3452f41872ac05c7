/** The journal on a small real disk: reserve, hold, restart and end of the hold. */
import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { appendText, textsOf } from '../../../../test/support/in-process/journal-fixture.ts';
import { smallDisk } from '../../../../test/support/disks/small-disk.ts';
import { lockFile } from '../../../lib/lock.real.ts';
import { realWorld } from '../../../lib/world.real.ts';
import { createRealDisk } from './disk.real.ts';
import { type Journal, openJournal } from '../room-log.journal.ts';
import { EMPTY_HEAD } from '../room-log.ts';

const MEGABYTE = 1024 * 1024;
const DISK_MB = 16;
/** 5 % of the disk. */
const RESERVE_BYTES = (DISK_MB * MEGABYTE) / 20;
const TEXT = 'x'.repeat(20_000);

async function opened(directory: string): Promise<Journal> {
  const outcome = await openJournal({
    disk: createRealDisk(),
    directory,
    world: realWorld,
    lock: lockFile,
    fatal(error) {
      throw error;
    },
    limits: { segmentBytes: 4 * MEGABYTE, stepBytes: MEGABYTE },
  });
  if (!outcome.ok) throw new Error(outcome.message);
  return outcome.journal;
}

const probe = smallDisk(1);
probe?.remove();

test.skipIf(probe === null && process.env['CI'] !== 'true')(
  'it keeps the reserve, goes on hold, restarts on the full disk without loss, and serves again when there is space',
  async () => {
    const disk = smallDisk(DISK_MB);
    if (!disk) throw new Error('no tmpfs could be mounted; where CI=true this must run as root');
    const directory = join(disk.path, 'journal');
    let journal = await opened(directory);
    try {
      const free = async () => (await createRealDisk().space(disk.path)).freeBytes;
      const serving = Promise.withResolvers<void>();
      journal.onState((state) => state === 'serving' && serving.resolve());
      await journal.open('a', 5, EMPTY_HEAD);
      const texts: string[] = [];
      const appended = async (): Promise<boolean> => {
        const text = `${texts.length} ${TEXT}`;
        const outcome = await appendText(journal, 'a', 5, texts.length, text);
        if (outcome === 'committed') texts.push(text);
        return outcome === 'committed';
      };
      while (await appended());
      expect(texts.length).toBeGreaterThan(200);
      expect(await free()).toBeGreaterThanOrEqual(RESERVE_BYTES);

      disk.fill();
      expect(await free()).toBe(0);
      await journal.close();
      // The allocated space is enough to start and to read.
      journal = await opened(directory);
      journal.onState((state) => state === 'serving' && serving.resolve());
      expect((await textsOf(journal, 'a')).length).toBe(texts.length);
      while (await appended());
      await journal.trim('a', texts.length);
      disk.free();
      // Doubles the disk, since the trimmed segments are removed only later.
      Bun.spawnSync(['mount', '-o', `remount,size=${2 * DISK_MB}m`, disk.path]);
      await serving.promise;
      expect(await appended()).toBe(true);
    } finally {
      await journal.close();
      disk.remove();
    }
  },
  60_000,
);
