/** `escapement journal` through the real command line, on intact and on damaged journals. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Reader } from '../../../sdk/protocol/bytes.ts';
import { RecordKind, encodeRecord, readRecord, recordLength } from '../../../sdk/protocol/record.ts';
import { escapement, temporaryFolder } from '../../../test/support/processes/command-line.ts';
import { realWorld } from '../../lib/world.real.ts';
import { createRealDisk } from '../../ports/room-log/journal/disk.real.ts';
import { type Journal, openJournal } from '../../ports/room-log/room-log.journal.ts';
import { EMPTY_HEAD } from '../../ports/room-log/room-log.ts';

const TEST_MS = 60_000;
const ROOMS = ['alpha', 'beta'];

let folder: ReturnType<typeof temporaryFolder>;
let journal: Journal;

const directory = (): string => join(folder.path, 'journal', 'h1');
const segment = (number: number): string => join(directory(), `${String(number).padStart(12, '0')}.seg`);
/** The segments that these records fill. */
const SEGMENTS = [1, 2, 3].map((number) => `${String(number).padStart(12, '0')}.seg`);
const run = (...args: readonly string[]) => escapement(['journal', ...args, '--data-dir', folder.path]);

async function open(): Promise<void> {
  const outcome = await openJournal({
    disk: createRealDisk(),
    directory: directory(),
    world: realWorld,
    lock: () => ({ ok: true, release: () => {} }),
    fatal(error) {
      throw error;
    },
    limits: { segmentBytes: 16_384, stepBytes: 4_096 },
  });
  if (!outcome.ok) throw new Error(outcome.message);
  ({ journal } = outcome);
}

function recordOf(seq: number, kind: number, body: string): Uint8Array {
  const bytes = new TextEncoder().encode(body);
  const header = { kind, seq, ms: seq * 10, seat: 2, client: 1, clientSeq: seq };
  const record = new Uint8Array(recordLength(header, bytes.length));
  encodeRecord(record, 0, header, bytes);
  return record;
}

async function append(room: string, seq: number, kind: number, body: string): Promise<void> {
  const records = recordOf(seq, kind, body);
  const entry = { room, epoch: 5, prevSeq: seq - 1, lastSeq: seq, lastMs: seq * 10, records };
  expect(await journal.append(entry)).toBe('committed');
}

/** Room alpha: 40 moves in several segments, 3 of them trimmed; room beta: one chat message. */
beforeEach(async () => {
  folder = temporaryFolder('journal-command');
  await open();
  for (const room of ROOMS) await journal.open(room, 5, EMPTY_HEAD);
  for (let seq = 1; seq <= 40; seq++) {
    await append('alpha', seq, RecordKind.move, `{"n":${seq},"x":"${'.'.repeat(800)}"}`);
  }
  await journal.trim('alpha', 3);
  await append('beta', 1, RecordKind.chat, 'my secret');
});
afterEach(async () => {
  await journal.close();
  folder.remove();
});

/** Closes the journal and changes a byte in the middle of a segment. */
async function damage(number: number): Promise<void> {
  await journal.close();
  const bytes = readFileSync(segment(number));
  bytes[9_700]! ^= 0x10;
  writeFileSync(segment(number), bytes);
}

/**
 * Hashes of the named files. Trailing zeros do not count, and neither does the next segment: the journal
 * preallocates both in the background.
 */
const hashes = (names: readonly string[]): readonly string[] =>
  readdirSync(directory())
    .filter((name) => names.includes(name))
    .sort()
    .map((name) => {
      const bytes = readFileSync(join(directory(), name));
      const end = bytes.findLastIndex((byte) => byte !== 0) + 1;
      return `${name} ${Bun.hash(bytes.subarray(0, end))}`;
    });

describe('an intact journal that is being written', () => {
  test(
    'verify reports each segment and where the log ends',
    async () => {
      const before = hashes(SEGMENTS);
      const { code, out, err } = await run('verify');
      expect({ code, err }).toEqual({ code: 0, err: '' });
      const lines = out.trimEnd().split('\n');
      expect(lines[0]).toMatch(/^000000000001\.seg {2}commits 1 to \d+, 2 rooms, \d+ of \d+ bytes, intact$/);
      expect(lines.at(-2)).toMatch(/^The log ends with commit \d+ at byte \d+ of 00000000000\d\.seg\.$/);
      expect(lines.at(-1)).toBe('All needed segments are intact.');
      expect(lines.slice(0, SEGMENTS.length).map((line) => line.split(' ')[0])).toEqual(SEGMENTS);
      expect(before).toHaveLength(SEGMENTS.length);
      expect(hashes(SEGMENTS)).toEqual(before);
    },
    TEST_MS,
  );

  test(
    'show lists rooms with head, epoch and live entries',
    async () => {
      const { code, out } = await run('show');
      expect(code).toBe(0);
      const rows = out
        .trimEnd()
        .split('\n')
        .map((line) => line.trim().split(/ {2,}/));
      expect(rows[0]).toEqual(['room', 'epoch', 'head', 'trimmed', 'live', 'bytes']);
      expect(rows[1]?.slice(0, 5)).toEqual(['alpha', '5', '40', '3', '37']);
      expect(rows[2]?.slice(0, 5)).toEqual(['beta', '5', '1', '0', '1']);
    },
    TEST_MS,
  );

  test(
    'show of a room has bodies only with --bodies, and personal ones only with --personal as well',
    async () => {
      const plain = await run('show', 'beta');
      expect(plain.out.split('\n')[1]).toBe('1  10  2  chat  1  1  9');
      expect((await run('show', 'beta', '--bodies')).out).toContain('(personal)');
      expect((await run('show', 'beta', '--bodies')).out).not.toContain('secret');
      expect((await run('show', 'beta', '--bodies', '--personal')).out).toContain('"my secret"');
      const moves = (await run('show', 'alpha', '--bodies')).out.trimEnd().split('\n');
      expect(moves.length).toBe(1 + 37);
      expect(moves[1]).toContain('{\\"n\\":4,');
    },
    TEST_MS,
  );

  test(
    'export writes all live records as JSON lines',
    async () => {
      const { code, out, err } = await run('export');
      expect({ code, err }).toEqual({ code: 0, err: '38 records of 2 rooms.\n' });
      const records = out
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(records.length).toBe(38);
      expect(records.at(-1)).toEqual({
        room: 'beta',
        seq: 1,
        ms: 10,
        seat: 2,
        kind: 'chat',
        client: 1,
        clientSeq: 1,
        personal: true,
        body: Buffer.from('my secret').toString('base64'),
      });
    },
    TEST_MS,
  );

  test(
    'export --binary writes the records as they are in the log, byte by byte',
    async () => {
      const file = join(folder.path, 'alpha.bin');
      expect((await run('export', 'alpha', '--binary', '--out', file)).code).toBe(0);
      expect(statSync(file).mode & 0o077).toBe(0);
      const reader = new Reader(readFileSync(file));
      expect(new TextDecoder().decode(reader.take(reader.byte()))).toBe('alpha');
      const records = new Reader(reader.bytes());
      expect(reader.atEnd).toBe(true);
      for (let seq = 4; seq <= 40; seq++) expect(readRecord(records)?.seq).toBe(seq);
      expect(records.atEnd).toBe(true);
    },
    TEST_MS,
  );
});

describe('a damaged journal', () => {
  test(
    'is not opened: the message names the file, the byte and what to do',
    async () => {
      await damage(1);
      const outcome = await openJournal({
        disk: createRealDisk(),
        directory: directory(),
        world: realWorld,
        lock: () => ({ ok: true, release: () => {} }),
        fatal: () => {},
      });
      expect(outcome).toMatchObject({ ok: false, code: 'journal-damaged' });
      if (outcome.ok) return;
      expect(outcome.message).toMatch(
        /000000000001\.seg is damaged at byte \d+\..*journal verify.*--salvage/,
      );
    },
    TEST_MS,
  );

  test(
    'verify reports the bytes, the commits and the lost entries, and exits with 1',
    async () => {
      await damage(1);
      const { code, out } = await run('verify');
      expect(code).toBe(1);
      expect(out).toMatch(
        /Damage: \S+000000000001\.seg, bytes \d+ to \d+: commits (\d+) to \1 cannot be read\./,
      );
      expect(out).toMatch(/Lost: room alpha, entry \d+\./);
      expect(out.trimEnd().endsWith('The journal is damaged.')).toBe(true);
    },
    TEST_MS,
  );

  test(
    'export leaves nothing out silently: without --salvage it writes nothing, with it all readable records',
    async () => {
      await damage(1);
      const refused = await run('export');
      expect([refused.code, refused.out.length]).toEqual([1, 0]);
      expect(refused.err).toContain('[journal-damage]');
      const { code, out, err } = await run('export', '--salvage');
      expect(code).toBe(0);
      const records = out
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(records.length).toBe(37);
      const lost = /Left out\. Lost: room alpha, entry (\d+)\./.exec(err)?.[1];
      const seqs = records.filter(({ room }) => room === 'alpha').map(({ seq }) => seq);
      const expected = Array.from({ length: 37 }, (_, index) => index + 4).filter(
        (seq) => seq !== Number(lost),
      );
      expect(seqs).toEqual(expected);
    },
    TEST_MS,
  );

  test(
    'a torn last commit is not damage',
    async () => {
      await journal.close();
      const last = readdirSync(directory())
        .filter((name) => name.endsWith('.seg'))
        .toSorted()
        .at(-1)!;
      const file = join(directory(), last);
      const { out } = await run('verify');
      const end = Number(/at byte (\d+)/.exec(out)?.[1]);
      const bytes = readFileSync(file);
      bytes.fill(0x55, end - 512, end);
      writeFileSync(file, bytes);
      const torn = await run('verify');
      expect(torn.code).toBe(0);
      expect(torn.out).toContain(`at byte ${end - 512}`);
    },
    TEST_MS,
  );
});

describe('errors', () => {
  test.each([
    [['verify', '--slot', 'h9'], 1, 'journal-missing'],
    [['show', 'nobody'], 1, 'journal-room-unknown'],
    [['look'], 2, 'journal-usage'],
    [[], 2, 'journal-usage'],
    [['verify', 'alpha'], 2, 'journal-usage'],
    [['show', '--salvage'], 2, 'unknown-flag'],
    [['export', '--binary'], 2, 'journal-usage'],
    [['export', '--out'], 2, 'journal-usage'],
    [['export', '--out', '/dev/null/file'], 1, 'journal-out'],
  ])(
    '%p exits with %p and error %p',
    async (args, code, error) => {
      const ended = await run(...args);
      expect({ code: ended.code, out: ended.out }).toEqual({ code, out: '' });
      expect(ended.err).toContain(`[${error}]`);
    },
    TEST_MS,
  );
});
