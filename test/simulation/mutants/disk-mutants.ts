/**
 * Mutants of the journal's disk: each removes one guard. A power cut takes only the ends of their files: a
 * journal with a hole in the middle is damaged and does not open, which would show less.
 */
import { type Disk, DiskError, type DiskFile } from '../../../src/ports/room-log/journal/disk.ts';
import { override } from '../override.ts';

function changed(disk: Disk, change: (file: DiskFile) => DiskFile): Disk {
  return override(disk, {
    create: async (path) => change(await disk.create(path)),
    reopen: async (path) => change(await disk.reopen(path)),
  });
}

/** Reports durable when the bytes are in the cache, which is synced before the next write. */
export function syncsBeforeWrite(disk: Disk): Disk {
  return changed(disk, (file) =>
    override(file, {
      writeDurably: async (at, bytes) => {
        await file.sync();
        return file.write(at, bytes);
      },
    }),
  );
}

/**
 * Retries a failed sync, and the second one succeeds because the kernel has marked the pages clean. From
 * then on nothing of that file is known to be on the disk, and every call succeeds.
 */
export function retriesFailedSync(disk: Disk): Disk {
  return changed(disk, (file) => {
    let isClean = false;
    const failed = (error: unknown): void => {
      if (!(error instanceof DiskError) || error.fault !== 'failed') throw error;
      isClean = true;
    };
    return override(file, {
      sync: async () => {
        if (!isClean) await file.sync().catch(failed);
      },
      writeDurably: async (at, bytes) => {
        try {
          if (!isClean) return await file.writeDurably(at, bytes);
        } catch (error) {
          failed(error);
        }
        return file.write(at, bytes);
      },
    });
  });
}
