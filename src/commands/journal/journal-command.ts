/**
 * `escapement journal verify|show|export`: looks at the live log of a slot. Nothing is changed and no
 * lock is taken, so that it can be used while the program runs.
 */
import { join } from 'node:path';
import { loadConfig } from '../../config.load.ts';
import { OperatorError } from '../../errors.ts';
import { createRealDisk } from '../../ports/room-log/journal/disk.real.ts';
import { type Disk, DiskError } from '../../ports/room-log/journal/disk.ts';
import { type Inspection, inspect } from '../../ports/room-log/journal/inspect.ts';
import type { Terminal } from '../command.ts';
import { exportRooms } from './journal-export.ts';
import { showRoom, showRooms } from './journal-show.ts';
import { verify } from './journal-verify.ts';

export interface JournalWork {
  readonly disk: Disk;
  /** The slot's folder. */
  readonly dir: string;
  readonly terminal: Terminal;
  /** The room that is meant; null = all. */
  readonly room: string | null;
  readonly flags: ReadonlySet<string>;
  /** A file; null = standard output. */
  readonly out: string | null;
  /** Throws when there is no journal, or no room of that name. */
  read(keep: (room: string) => boolean): Promise<Inspection>;
}

interface Action {
  readonly usage: string;
  readonly flags: readonly string[];
  readonly room: boolean;
  run(work: JournalWork): Promise<number>;
}

const PLACE = '[--slot h1] [--data-dir <folder>]';

const ACTIONS: { readonly [name: string]: Action } = {
  verify: { usage: `escapement journal verify ${PLACE}`, flags: [], room: false, run: verify },
  show: {
    usage: `escapement journal show [room] [--bodies] [--personal] ${PLACE}`,
    flags: ['--bodies', '--personal'],
    room: true,
    run: (work) => (work.room === null ? showRooms(work) : showRoom(work, work.room)),
  },
  export: {
    usage: `escapement journal export [room] [--binary] [--salvage] [--out <file>] ${PLACE}`,
    flags: ['--binary', '--salvage', '--out'],
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
  const wrong = new OperatorError('journal-usage', { given: args.join(' '), usage });
  if (!action) throw wrong;
  const { flags, out, others } = ownFlags(rest, action, wrong);
  const { settings, words } = loadConfig(others, terminal.env);
  const [room = null, ...tooMany] = words;
  if (tooMany.length > 0 || (room !== null && !action.room)) throw wrong;
  const disk = createRealDisk();
  const dir = join(settings.dataDir, 'journal', settings.slot);
  const read = (keep: (name: string) => boolean) => readJournal(disk, dir, room, keep);
  return action.run({ disk, dir, terminal, room, flags, out, read });
}

/** Takes out what only these commands know; the rest are options. */
function ownFlags(args: readonly string[], action: Action, wrong: OperatorError) {
  const flags = new Set<string>();
  const others: string[] = [];
  let out: string | null = null;
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? '';
    if (!action.flags.includes(arg)) others.push(arg);
    else if (arg !== '--out') flags.add(arg);
    else {
      out = args[++at] ?? null;
      if (out === null || out.startsWith('--')) throw wrong;
    }
  }
  return { flags, out, others };
}

async function readJournal(
  disk: Disk,
  dir: string,
  room: string | null,
  keep: (name: string) => boolean,
): Promise<Inspection> {
  let found: Inspection;
  try {
    found = await inspect(disk, dir, keep);
  } catch (error) {
    if (error instanceof DiskError && error.fault === 'missing') {
      throw new OperatorError('journal-missing', { dir }, { cause: error });
    }
    throw new OperatorError('journal-unusable', {
      message: `The journal in ${dir} cannot be read: ${String(error)}`,
    });
  }
  if (found.segments.length === 0) throw new OperatorError('journal-missing', { dir });
  if (room !== null && !found.rooms.get(room) && !found.lost.some((lost) => lost.room === room)) {
    throw new OperatorError('journal-room-unknown', { dir, room });
  }
  return found;
}
