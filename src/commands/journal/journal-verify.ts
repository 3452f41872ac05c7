/** `escapement journal verify`: reads every segment and tells what stands in it and what is damaged. */
import { basename } from 'node:path';
import type { Damage, Inspection, Lost, SegmentReport } from '../../ports/room-log/journal/inspect.ts';
import type { JournalWork } from './journal-command.ts';

export async function verify({ terminal, read }: JournalWork): Promise<number> {
  const found = await read(() => false);
  for (const segment of found.segments) terminal.out(lineOf(segment));
  for (const line of damageLines(found)) terminal.out(line);
  const end = found.segments.findLast(({ state }) => state === 'last' || state === 'damaged');
  if (end) {
    const last = end.firstCommit + end.commits - 1;
    terminal.out(`The log ends with commit ${last} at byte ${end.end} of ${basename(end.file)}.`);
  }
  const bad = hurts(found);
  terminal.out(bad ? 'Damaged.' : 'Everything that is needed can be read.');
  return bad ? 1 : 0;
}

/** Damage in segments that nothing needs any more hurts nobody. */
export function hurts({ segments, damage, lost }: Inspection): boolean {
  const needed = new Set(segments.filter((segment) => segment.needed).map(({ file }) => file));
  return lost.length > 0 || damage.some(({ file }) => needed.has(file));
}

export function damageLines({ damage, lost }: Inspection): readonly string[] {
  return [...damage.map(damageLine), ...lost.map(lostLine)];
}

function damageLine({ file, from, to, what }: Damage): string {
  return `Damage: ${file}, bytes ${from} to ${to - 1}: ${what}.`;
}

function lostLine({ room, first, last }: Lost): string {
  return `Lost: room ${room}, ${first === last ? `entry ${first}` : `entries ${first} to ${last}`}.`;
}

function lineOf(segment: SegmentReport): string {
  const { file, state, needed, firstCommit, commits, rooms, end, fileBytes } = segment;
  const name = basename(file);
  if (state === 'prepared') return `${name}  prepared for later, ${fileBytes} bytes`;
  const range = commits === 0 ? 'no commits' : `commits ${firstCommit} to ${firstCommit + commits - 1}`;
  const use = needed ? '' : ', not needed any more';
  const how = state === 'damaged' ? 'DAMAGED' : state;
  return `${name}  ${range}, ${rooms} rooms, ${end} of ${fileBytes} bytes, ${how}${use}`;
}
