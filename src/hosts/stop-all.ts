/** Stops the parts of a process. */
import type { StopMode } from '../running.ts';

export type StopPart = (mode: StopMode) => Promise<void>;

/**
 * Stops the part that was started last first, and empties the list. A part that fails to stop does not keep the
 * others from stopping; the first error is thrown when all have been tried.
 */
export async function stopAll(parts: StopPart[], mode: StopMode): Promise<void> {
  const errors: unknown[] = [];
  for (const stop of parts.splice(0).toReversed()) {
    await stop(mode).catch((error: unknown) => errors.push(error));
  }
  if (errors.length > 0) throw errors[0];
}
