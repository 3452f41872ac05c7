/**
 * A simulated disk that outlives its process: what becomes durable is written to real files at that
 * moment, everything else is only in the memory of the process. SIGKILL is then a power cut.
 *
 * The folder holds one file per inode (`inode-<number>`) and `names.json`, replaced as a whole.
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

/** Continues with what is there. With `frozen` nothing that happens is written back. */
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
      disk.place(`${folder}/${name}`, existsSync(path) ? readFileSync(path) : new Uint8Array(0), inode);
    }
  }
  return disk;
}
