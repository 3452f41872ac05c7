/**
 * `escapement journal verify|show|export`: reads the live log of a slot. It changes nothing and takes no lock, so
 * it can be used while the program runs.
 */
import { join } from 'node:path';
import { loadConfig } from '../../config.load.ts';
import { OperatorError } from '../../errors.ts';
import type { Flag, Flags } from '../../flags.ts';
import { createRealDisk } from '../../ports/room-log/journal/disk.real.ts';
import type { Terminal } from '../command.ts';
import { exportRooms } from './journal-export.ts';
import { showRoom, showRooms } from './journal-show.ts';
import { verify } from './journal-verify.ts';
import type { JournalCommandDeps } from './read-journal.ts';

interface Action {
  readonly usage: string;
  /** Its own flags, in addition to the options of the program. */
  readonly flags: Flags;
  /** Accepts the name of a room. */
  readonly room: boolean;
  /** Returns the exit code. */
  run(deps: JournalCommandDeps): Promise<number>;
}

const LOCATION_USAGE = '[--slot h1] [--data-dir <folder>]';

const SWITCH: Flag = { isSwitch: true, expects: null };

const ACTIONS: { readonly [name: string]: Action } = {
  verify: { usage: `escapement journal verify ${LOCATION_USAGE}`, flags: {}, room: false, run: verify },
  show: {
    usage: `escapement journal show [room] [--bodies] [--personal] ${LOCATION_USAGE}`,
    flags: { '--bodies': SWITCH, '--personal': SWITCH },
    room: true,
    run: (deps) => (deps.room === null ? showRooms(deps) : showRoom(deps, deps.room)),
  },
  export: {
    usage: `escapement journal export [room] [--binary] [--salvage] [--out <file>] ${LOCATION_USAGE}`,
    flags: { '--binary': SWITCH, '--salvage': SWITCH, '--out': { expects: null } },
    room: true,
    run: exportRooms,
  },
};

export async function journal(args: readonly string[], terminal: Terminal): Promise<number> {
  const [name = '', ...rest] = args;
  const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
  const usage =
    action?.usage ??
    Object.values(ACTIONS)
      .map((one) => one.usage)
      .join('; ');
  const usageError = new OperatorError('journal-usage', { given: args.join(' '), usage });
  if (!action) throw usageError;
  const { settings, positionals, flags: given } = loadConfig(rest, terminal.env, action.flags);
  const flags = new Set(Object.keys(action.flags).filter((flag) => given.has(flag)));
  const isWrong = (flag: string): boolean =>
    given.get(flag) !== 'on' && (action.flags[flag]?.isSwitch === true || given.get(flag) === '');
  if ([...flags].some(isWrong)) throw usageError;
  const out = given.get('--out') ?? null;
  const [room = null, ...tooMany] = positionals;
  if (tooMany.length > 0 || (room !== null && !action.room)) throw usageError;
  const dir = join(settings.dataDir, 'journal', settings.slot);
  return action.run({ disk: createRealDisk(), dir, terminal, room, flags, out });
}
