/** `escapement journal show`: lists the rooms of a journal, or the live records of one room. */
import { Reader } from '../../../sdk/protocol/bytes.ts';
import { type LogRecord, RecordKind, readRecord } from '../../../sdk/protocol/record.ts';
import { OperatorError } from '../../errors.ts';
import type { Run } from '../../ports/room-log/room-log.ts';
import type { JournalRoom } from '../../ports/room-log/journal/journal-room.ts';
import { damageLines } from './journal-verify.ts';
import { type JournalCommandDeps, readJournal } from './read-journal.ts';

const PERSONAL_FLAG = 0x20;
const KINDS = new Map<number, string>(Object.entries(RecordKind).map(([name, kind]) => [kind, name]));

export interface ReadRecord extends LogRecord {
  /** The record's personal flag is set. */
  readonly personal: boolean;
  /** The encoded record. */
  readonly bytes: Uint8Array;
}

export async function showRooms(deps: JournalCommandDeps): Promise<number> {
  const { terminal } = deps;
  const found = await readJournal(deps, () => true);
  const rows = [...found.rooms.all()].map(({ name, epoch, seq, trimmed, runs, bytes }) =>
    [name, epoch, seq, trimmed, runs.length === 0 ? 0 : seq - trimmed, bytes].map(String),
  );
  const table = [['room', 'epoch', 'head', 'trimmed', 'live', 'bytes'], ...rows];
  const widths =
    table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? [];
  for (const [name = '', ...cells] of table) {
    const numbers = cells.map((cell, column) => cell.padStart(widths[column + 1] ?? 0));
    terminal.out([name.padEnd(widths[0] ?? 0), ...numbers].join('  '));
  }
  for (const line of damageLines(found)) terminal.err(line);
  return 0;
}

export async function showRoom(deps: JournalCommandDeps, name: string): Promise<number> {
  const { terminal, flags } = deps;
  const found = await readJournal(deps, (room) => room === name);
  const room = found.rooms.get(name);
  terminal.out('seq  ms  seat  kind  client  client seq  body bytes');
  for (const record of room ? recordsOf(room) : []) terminal.out(recordLine(record, flags));
  for (const line of damageLines(found)) terminal.err(line);
  return 0;
}

/** The untrimmed records: a run may begin with trimmed ones. */
export function* recordsOf(room: JournalRoom): Generator<ReadRecord> {
  let seq = room.trimmed;
  for (const run of room.runs) {
    for (const record of readRecords(room, run)) {
      if (record.seq <= seq) continue;
      seq = record.seq;
      yield record;
    }
  }
}

function* readRecords({ name }: JournalRoom, { first, last, records }: Run): Generator<ReadRecord> {
  const reader = new Reader(records);
  while (!reader.atEnd) {
    const start = reader.at;
    const record = readRecord(reader);
    if (!record) {
      const message = `Entries ${first} to ${last} of room ${name} are not records of this version of Escapement.`;
      throw new OperatorError('journal-unusable', { message });
    }
    const personal = ((records[start + 1] ?? 0) & PERSONAL_FLAG) !== 0;
    yield { ...record, personal, bytes: records.subarray(start, reader.at) };
  }
}

function recordLine(record: ReadRecord, flags: ReadonlySet<string>): string {
  const { seq, ms, seat, kind, client, clientSeq, body } = record;
  const line = [seq, ms, seat, kindName(kind), client, clientSeq, body.length].join('  ');
  if (!flags.has('--bodies')) return line;
  if (record.personal && !flags.has('--personal')) return `${line}  (personal)`;
  return `${line}  ${formatBody(body)}`;
}

export function kindName(kind: number): string {
  return KINDS.get(kind) ?? String(kind);
}

/** One line: UTF-8 text as a JSON string, anything else in hex. */
function formatBody(body: Uint8Array): string {
  try {
    return JSON.stringify(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return `0x${body.toHex()}`;
  }
}
