/** The simulation's own parts, where they were wrong once (`kept-seeds.ts`). */
import { afterEach, expect, test } from 'bun:test';
import { encodeRecord, RecordKind, recordLength } from '../../sdk/protocol/record.ts';
import { Writer } from '../../sdk/protocol/bytes.ts';
import { takeBackup } from './backup.ts';
import { areAtTheHead } from './scenario-end.ts';
import { Evening } from './scenario.ts';
import { override } from './override.ts';
import { firstToken, prepareStage, ROOMS } from './seed-data.ts';

await prepareStage();

let evening: Evening;
afterEach(() => evening.close());

/** Everybody has come, and some have moved. */
function played(moves: number): Evening {
  evening = new Evening(1, {}, null, null);
  evening.begin();
  for (let move = 0; move < moves; move++) {
    for (const { device, session } of evening.pages())
      if (!device.observer) session.sendChat('x'.repeat(900));
    evening.scheduler.advance(1_000);
  }
  return evening;
}

test('a backup copies the newest file of the log first', () => {
  const { disk, scheduler, backups } = played(20);
  const copied: string[] = [];
  evening.disk = override(disk, {
    peek: (path) => {
      copied.push(path);
      return disk.peek(path);
    },
  });
  void takeBackup(evening);
  scheduler.advance(5_000);
  expect(backups.length).toBe(1);
  expect(copied.length).toBeGreaterThan(1);
  expect(copied).toEqual(copied.toSorted().toReversed());
});

test('a page at the right number of another course of things is not at rest', () => {
  const { oracle, scheduler } = played(1);
  const [room = ''] = ROOMS;
  scheduler.until(() => areAtTheHead(evening, room), 60_000);
  expect(areAtTheHead(evening, room)).toBe(true);
  // The same room as if it had been opened later: entry 2 is another epoch.
  const truth = oracle.truth(room);
  const [open, epoch, ...rest] = truth.entries();
  const body = new Writer().varint(truth.epochOf(2) + 1).done();
  const header = { kind: RecordKind.epoch, seq: 2, ms: 0, seat: 0, client: 0, clientSeq: 0 };
  const other = new Uint8Array(recordLength(header, body.length));
  encodeRecord(other, 0, header, body);
  truth.rewind([open, other, ...rest].filter((entry) => entry !== undefined));
  expect(epoch).toBeDefined();
  expect(areAtTheHead(evening, room)).toBe(false);
});

test('what is changed from outside within a transaction is there when that is undone', () => {
  const { database, scheduler } = played(0);
  const device = () =>
    database.rows<{ device: string }>('select device_hash as device from seats where seat = 1')[0];
  expect(device()?.device).toBe(firstToken(1));
  let isUndone = false;
  const writing = database.connect(scheduler.lease()).write(async (tx) => {
    await tx.updateTable('seats').set({ colour: 'blue' }).execute();
    database.change('update seats set device_hash = ? where seat = 1', 'another');
    throw new Error('undone');
  });
  writing.catch(() => (isUndone = true));
  scheduler.advance(1_000);
  expect(isUndone).toBe(true);
  expect(database.rows<{ colour: string }>('select colour from seats')[0]?.colour).toBe('red');
  expect(device()?.device).toBe('another');
});
