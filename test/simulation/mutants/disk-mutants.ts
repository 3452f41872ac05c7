/**
 * Disks with one guard removed, for the planted bugs. What a power cut takes of them is at the end of a file: a
 * journal that misses something in the middle is damaged and does not open, which says less.
 */
import { type Disk, DiskError, type DiskFile } from '../../../src/ports/room-log/journal/disk.ts';
import { override } from '../override.ts';

function changed(disk: Disk, change: (file: DiskFile) => DiskFile): Disk {
  return override(disk, {
    create: async (path) => change(await disk.create(path)),
    reopen: async (path) => change(await disk.reopen(path)),
  });
}

/** Says durable when the bytes are in its cache, which it empties before it takes the next ones. */
export function lagging(disk: Disk): Disk {
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
 * A sync that failed is tried again, and the second one says that all is well: the kernel has marked the
 * pages clean. From then on nothing of that file is known to be on the disk, and everything is answered.
 */
export function stubborn(disk: Disk): Disk {
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
