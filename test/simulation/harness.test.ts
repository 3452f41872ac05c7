/** Regression tests of the simulation's own code (`kept-seeds.ts`). */
import { afterEach, expect, test } from 'bun:test';
import { encodeRecord, RecordKind, recordLength } from '../../sdk/protocol/record.ts';
import { Writer } from '../../sdk/protocol/bytes.ts';
import { takeBackup } from './backup.ts';
import { areAtHead } from './scenario-end.ts';
import { Scenario } from './scenario.ts';
import { override } from './override.ts';
import { firstToken, prepareSeedData, ROOMS } from './seed-data.ts';

await prepareSeedData();

let scenario: Scenario;
afterEach(() => scenario.close());

/** All pages are open, and have sent messages for `moves` seconds. */
function played(moves: number): Scenario {
  scenario = new Scenario(1, {}, null, null);
  scenario.start();
  for (let move = 0; move < moves; move++) {
    for (const { device, session } of scenario.pages())
      if (!device.observer) session.sendChat('x'.repeat(900));
    scenario.scheduler.advance(1_000);
  }
  return scenario;
}

test('a backup copies the newest file of the log first', () => {
  const { disk, scheduler, backups } = played(20);
  const copied: string[] = [];
  scenario.disk = override(disk, {
    peek: (path) => {
      copied.push(path);
      return disk.peek(path);
    },
  });
  void takeBackup(scenario);
  scheduler.advance(5_000);
  expect(backups.length).toBe(1);
  expect(copied.length).toBeGreaterThan(1);
  expect(copied).toEqual(copied.toSorted().toReversed());
});

test('a page at the right seq of another history is not at the head', () => {
  const { oracle, scheduler } = played(1);
  const [room = ''] = ROOMS;
  scheduler.until(() => areAtHead(scenario, room), 60_000);
  expect(areAtHead(scenario, room)).toBe(true);
  // The same room as if it had been opened later: entry 2 names another epoch.
  const model = oracle.model(room);
  const [open, epoch, ...rest] = model.entries();
  const body = new Writer().varint(model.epochOf(2) + 1).done();
  const header = { kind: RecordKind.epoch, seq: 2, ms: 0, seat: 0, client: 0, clientSeq: 0 };
  const other = new Uint8Array(recordLength(header, body.length));
  encodeRecord(other, 0, header, body);
  model.rewind([open, other, ...rest].filter((entry) => entry !== undefined));
  expect(epoch).toBeDefined();
  expect(areAtHead(scenario, room)).toBe(false);
});

test('an outside change made during a transaction survives its rollback', () => {
  const { database, scheduler } = played(0);
  const device = () =>
    database.query<{ device: string }>('select device_hash as device from seats where seat = 1')[0];
  expect(device()?.device).toBe(firstToken(1));
  let isRolledBack = false;
  const writing = database.connect(scheduler.lease()).write(async (tx) => {
    await tx.updateTable('seats').set({ colour: 'blue' }).execute();
    database.update('update seats set device_hash = ? where seat = 1', 'another');
    throw new Error('rolled back');
  });
  writing.catch(() => (isRolledBack = true));
  scheduler.advance(1_000);
  expect(isRolledBack).toBe(true);
  expect(database.query<{ colour: string }>('select colour from seats')[0]?.colour).toBe('red');
  expect(device()?.device).toBe('another');
});
