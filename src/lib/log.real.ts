/** The log on standard error: one JSON object per line. */
import type { Clock } from './world.ts';
import type { Log, LogFields } from './log.ts';

/** `always` is added to every line. */
export function standardErrorLog(clock: Clock, always: LogFields = {}): Log {
  const write = (level: string, what: string, fields: LogFields = {}): void => {
    const line = { at: new Date(clock.now()).toISOString(), level, what, ...always, ...fields };
    process.stderr.write(`${JSON.stringify(line)}\n`);
  };
  return {
    info: (what, fields) => write('info', what, fields),
    error: (what, fields) => write('error', what, fields),
  };
}
