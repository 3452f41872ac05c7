/** `escapement journal verify`: reads every segment and reports its content and its damage. */
import { basename } from 'node:path';
import type { Damage, Inspection, SegmentReport } from '../../ports/room-log/journal/inspect.ts';
import type { LostEntries } from '../../ports/room-log/journal/salvage-replay.ts';
import { type JournalCommandDeps, readJournal } from './read-journal.ts';

export async function verify(deps: JournalCommandDeps): Promise<number> {
  const { terminal } = deps;
  const found = await readJournal(deps, () => false);
  for (const segment of found.segments) terminal.out(segmentLine(segment));
  for (const line of damageLines(found)) terminal.out(line);
  const last = found.segments.findLast(({ state }) => state === 'active' || state === 'damaged');
  if (last) {
    const commit = last.firstCommit + last.commits - 1;
    terminal.out(`The log ends with commit ${commit} at byte ${last.end} of ${basename(last.file)}.`);
  }
  const damaged = isDamaged(found);
  terminal.out(damaged ? 'The journal is damaged.' : 'All needed segments are intact.');
  return damaged ? 1 : 0;
}

/** Damage in segments that are not needed does not count. */
export function isDamaged({ segments, damage, lost }: Inspection): boolean {
  const needed = new Set(segments.filter((segment) => segment.needed).map(({ file }) => file));
  return lost.length > 0 || damage.some(({ file }) => needed.has(file));
}

export function damageLines({ damage, lost }: Inspection): readonly string[] {
  return [...damage.map(damageLine), ...lost.map(lostLine)];
}

function damageLine({ file, from, to, what }: Damage): string {
  return `Damage: ${file}, bytes ${from} to ${to - 1}: ${what}.`;
}

function lostLine({ room, first, last }: LostEntries): string {
  return `Lost: room ${room}, ${first === last ? `entry ${first}` : `entries ${first} to ${last}`}.`;
}

function segmentLine(segment: SegmentReport): string {
  const { file, state, needed, firstCommit, commits, rooms, end, fileBytes } = segment;
  const name = basename(file);
  if (state === 'preallocated') return `${name}  preallocated, ${fileBytes} bytes`;
  const range = commits === 0 ? 'no commits' : `commits ${firstCommit} to ${firstCommit + commits - 1}`;
  const stateText = state === 'damaged' ? 'DAMAGED' : state;
  const suffix = needed ? '' : ', not needed';
  return `${name}  ${range}, ${rooms} rooms, ${end} of ${fileBytes} bytes, ${stateText}${suffix}`;
}
