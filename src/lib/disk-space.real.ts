/** Usage of the disk that holds a folder. */
import { statfs } from 'node:fs/promises';

/** Used share of the space that is available to unprivileged users, 0 … 1 (as `df` shows it). */
export async function diskUsed(folder: string): Promise<number> {
  const { blocks, bfree, bavail } = await statfs(folder);
  const used = blocks - bfree;
  return used / (used + bavail);
}
