/**
 * A simulated disk whose durable content survives the process: it is written to real files when it becomes durable;
 * everything else is only in memory. So SIGKILL acts as a power cut.
 *
 * The folder has one file per inode (`inode-<number>`) and `names.json`, which is replaced atomically.
 */
import {
  closeSync,
  existsSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { SimulatedDisk, type SimulatedDiskOptions } from './disk.simulated.ts';

/** Folder → name in it → number of the inode. */
type Names = { [folder: string]: { [name: string]: number } };

/** Continues with the content of `root`. With `frozen`, changes are not written back. */
export function openMirroredDisk(root: string, options: SimulatedDiskOptions, frozen = false): SimulatedDisk {
  const index = join(root, 'names.json');
  const names: Names = existsSync(index) ? JSON.parse(readFileSync(index, 'utf8')) : {};
  const inodeFile = (inode: number) => join(root, `inode-${inode}`);

  function change(inode: number, use: (fd: number) => void): void {
    const path = inodeFile(inode);
    const fd = openSync(path, existsSync(path) ? 'r+' : 'w+');
    use(fd);
    closeSync(fd);
  }

  const mirror = {
    write: (inode: number, at: number, bytes: Uint8Array) =>
      change(inode, (fd) => writeSync(fd, bytes, 0, bytes.length, at)),
    truncate: (inode: number, size: number) => change(inode, (fd) => ftruncateSync(fd, size)),
    folder(path: string, entries: ReadonlyMap<string, number>) {
      names[path] = Object.fromEntries(entries);
      writeFileSync(`${index}.new`, JSON.stringify(names));
      renameSync(`${index}.new`, index);
    },
  };

  const disk = new SimulatedDisk(frozen ? options : { ...options, mirror });
  for (const [folder, entries] of Object.entries(names)) {
    for (const [name, inode] of Object.entries(entries)) {
      const path = inodeFile(inode);
      disk.putFile(`${folder}/${name}`, existsSync(path) ? readFileSync(path) : new Uint8Array(0), inode);
    }
  }
  return disk;
}
