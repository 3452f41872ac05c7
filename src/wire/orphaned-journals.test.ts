/** Orphaned journals: they are removed only when the archive has all their entries. */
import { afterEach, beforeEach, expect, test, setDefaultTimeout } from 'bun:test';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { RecordKind } from '../../sdk/protocol/record.ts';
import { temporaryFolder } from '../../test/support/processes/command-line.ts';
import { encodeRecords, RoomScript } from '../../test/support/in-process/room-script.ts';
import { OperatorError } from '../errors.ts';
import type { MainDb } from '../ports/main-db/main-db.ts';
import { openSqlite } from '../ports/main-db/main-db.sqlite.ts';
import { readChunks } from '../ports/main-db/queries/archive.ts';
import { allHosts, bootHost } from '../ports/main-db/queries/hosts.ts';
import { quarantineRoom } from '../ports/main-db/queries/rooms.ts';
import { host, insertRoomWithEntitlement } from '../ports/main-db/queries/rows.fixture.ts';
import type { Journal } from '../ports/room-log/room-log.journal.ts';
import { EMPTY_HEAD } from '../ports/room-log/room-log.ts';
import { type OrphanedJournalsDeps, recoverOrphanedJournals } from './orphaned-journals.ts';
import { openSlotJournal } from './slot-journal.ts';

// Creating segments takes seconds on a busy disk.
setDefaultTimeout(60_000);

const EPOCH = 1_001;

let dataDir: string;
let removeDataDir: () => void;
let db: MainDb;
let deps: OrphanedJournalsDeps;
const logged: string[] = [];

beforeEach(async () => {
  ({ path: dataDir, remove: removeDataDir } = temporaryFolder('orphans'));
  db = await openSqlite({ path: join(dataDir, 'main.sqlite'), onLost: () => {} });
  const write = (what: string) => void logged.push(what);
  deps = {
    settings: { dataDir, gameProcesses: 0, slot: 'h1' },
    log: { info: write, error: write },
    fail(error) {
      throw error;
    },
    health: {},
  };
});
afterEach(async () => {
  await db.close();
  removeDataDir();
  logged.length = 0;
});

const directoryOf = (slot: string) => join(dataDir, 'journal', slot);
const folders = () => readdirSync(join(dataDir, 'journal')).toSorted();
const slots = async () => (await allHosts(db.read)).map(({ slot }) => slot);

async function openSlot(slot: string): Promise<Journal> {
  const opened = await openSlotJournal(directoryOf(slot), { fatal: deps.fail });
  if (!opened.ok) throw new Error(opened.message);
  return opened.journal;
}

/** Creates a slot as its process left it: registered as a host, with these rooms in its journal. Returns the records. */
async function orphan(slot: string, rooms: readonly string[], entries = 300): Promise<Buffer> {
  await db.write((tx) => bootHost(tx, host(slot, `boot of ${slot}`), null));
  const journal = await openSlot(slot);
  const script = new RoomScript(EPOCH);
  while (script.records.length < entries) script.send(RecordKind.move);
  const records = encodeRecords(script.records);
  for (const room of rooms) {
    await journal.open(room, EPOCH, EMPTY_HEAD);
    const last = { lastSeq: entries, lastMs: script.records.at(-1)?.ms ?? 0 };
    expect(await journal.append({ room, epoch: EPOCH, prevSeq: 0, ...last, records })).toBe('committed');
  }
  await journal.close();
  return Buffer.from(records);
}

async function makeRooms(...rooms: string[]): Promise<void> {
  for (const room of rooms) await db.write((tx) => insertRoomWithEntitlement(tx, room, {}));
}

async function archived(room: string): Promise<Buffer> {
  const chunks = await readChunks(db.read, room, 0, 1_000);
  return Buffer.concat(chunks.map(({ deflated }) => inflateRawSync(deflated)));
}

test('an orphaned journal is archived completely, then it and its host are removed', async () => {
  await makeRooms('room-a', 'room-b', 'room-c');
  const written = await orphan('h2', ['room-a', 'room-b']);
  await orphan('h3', ['room-c']);
  await recoverOrphanedJournals(deps, db);
  for (const room of ['room-a', 'room-b', 'room-c'])
    expect((await archived(room)).equals(written)).toBe(true);
  expect(folders()).toEqual([]);
  expect(await slots()).toEqual([]);
  expect(logged).toEqual(['orphaned journal recovered', 'orphaned journal recovered']);
  expect(deps.health).toEqual({});
});

test('journals of served slots, and folders that are not journals, are not changed', async () => {
  await makeRooms('room-a', 'room-b');
  await orphan('h1', ['room-a']);
  await orphan('h2', ['room-b']);
  mkdirSync(directoryOf('notes'));
  await recoverOrphanedJournals({ ...deps, settings: { dataDir, gameProcesses: 2, slot: 'h1' } }, db);
  expect(folders()).toEqual(['h1', 'h2', 'notes']);
  expect(await slots()).toEqual(['h1', 'h2']);
  expect(await archived('room-b')).toHaveLength(0);
});

test('a journal with a room that cannot be archived is kept and reported; its other rooms are archived', async () => {
  await makeRooms('room-a', 'room-b');
  await db.write((tx) => quarantineRoom(tx, 'room-b', 'entry 7 is nowhere'));
  const written = await orphan('h2', ['room-a', 'room-b', 'stranger']);
  await recoverOrphanedJournals(deps, db);
  expect((await archived('room-a')).equals(written)).toBe(true);
  expect(folders()).toEqual(['h2']);
  expect(await slots()).toEqual([]);
  const sentence = deps.health['journal h2']?.() ?? '';
  for (const word of ['2 rooms', 'entry 7 is nowhere', 'stranger', directoryOf('h2')]) {
    expect(sentence).toContain(word);
  }
  const journal = await openSlot('h2');
  const live = (await journal.liveRooms()).map(({ room }) => room).toSorted();
  expect(live).toEqual(['room-b', 'stranger']);
  await journal.close();
});

test('if the database fails, the start is refused and nothing is removed', async () => {
  await makeRooms('room-a');
  await orphan('h2', ['room-a']);
  const broken: MainDb = { ...db, write: () => Promise.reject(new Error('no space in the database')) };
  const refused = await recoverOrphanedJournals(deps, broken).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(OperatorError);
  expect(refused).toMatchObject({ code: 'slot-not-adopted' });
  expect(String(refused)).toContain(directoryOf('h2'));
  const journal = await openSlot('h2');
  expect((await journal.liveRooms()).map(({ head }) => head.seq)).toEqual([300]);
  await journal.close();
  expect(await slots()).toEqual(['h2']);
});

test('an interrupted removal is finished at the next start', async () => {
  const half = join(dataDir, 'journal', '.removed-h4');
  mkdirSync(half, { recursive: true });
  writeFileSync(join(half, '000000000007.seg'), 'half of a journal');
  await recoverOrphanedJournals(deps, db);
  expect(folders()).toEqual([]);
});

test('a host whose journal does not exist is removed, so that its rooms can be placed elsewhere', async () => {
  await db.write((tx) => bootHost(tx, host('h9', 'long ago'), null));
  await recoverOrphanedJournals(deps, db);
  expect(await slots()).toEqual([]);
});
