/** How full the disk is that a folder lies on. */
import { statfs } from 'node:fs/promises';

/** The share of the space that ordinary users may use which is taken, 0 … 1. */
export async function diskUsed(folder: string): Promise<number> {
  const { blocks, bfree, bavail } = await statfs(folder);
  const used = blocks - bfree;
  return used / (used + bavail);
}
