/** Makes the data folder if there is none, and finds out whether it takes data, by writing some. */
import { mkdirSync, openSync, writeSync, fsyncSync, closeSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** With less than this free, neither the database nor the journal could begin. */
const PROBE_BYTES = 1024 * 1024;

/** Throws the system's error (`ENOSPC`, `EACCES`, `EROFS` …); leaves nothing behind. */
export function prepareDataDir(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const probe = join(path, '.probe');
  try {
    const file = openSync(probe, 'w', 0o600);
    try {
      writeAll(file, new Uint8Array(PROBE_BYTES));
      // Some systems find out only now that there is no space.
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  } finally {
    rmSync(probe, { force: true });
  }
}

/** A disk that fills up first takes a part. */
function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
}
