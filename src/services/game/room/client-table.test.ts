/** The clients of a room. */
import { expect, test } from 'bun:test';
import { idOf } from '../../../../test/support/in-process/game-fixture.ts';
import { clientId, ClientTable } from './client-table.ts';

test('a client that never sent is deleted with its last socket', () => {
  const table = new ClientTable();
  const first = table.acquire(idOf(5), 1)!;
  table.acquire(idOf(5), 1);
  table.release(first);
  expect(table.acquire(idOf(5), 2)).toBeNull();
  table.release(first);
  expect(table.acquire(idOf(5), 2)).not.toBeNull();
});

test('a client that sent is kept without sockets', () => {
  const table = new ClientTable();
  const client = table.acquire(idOf(5), 1)!;
  table.assignNumber(client);
  table.release(client);
  expect(table.acquire(idOf(5), 1)).toBe(client);
  expect(table.acquire(idOf(5), 2)).toBeNull();
});

test('rolling back resets numbers and client seqs to the durable ones', () => {
  const table = new ClientTable();
  const durable = table.acquire(idOf(1), 1)!;
  table.assignNumber(durable);
  durable.assignedSeq = 3;
  table.markDurable(durable, 2);
  const fresh = table.acquire(idOf(2), 1)!;
  table.assignNumber(fresh);
  fresh.assignedSeq = 1;
  table.rollBack();
  expect([durable.number, durable.assignedSeq, fresh.number, fresh.assignedSeq]).toEqual([1, 2, 0, 0]);
  expect(table.count).toBe(1);
});

test('a client from the archive has its number and last client seq', () => {
  const table = new ClientTable();
  table.restore(7, idOf(9), 3, 41);
  expect(table.acquire(idOf(9), 3)).toMatchObject({
    number: 7,
    durableNumber: 7,
    assignedSeq: 41,
    durableSeq: 41,
  });
  expect(table.count).toBe(7);
});

test('the id of a client can be restored from its key', () => {
  expect(clientId(new ClientTable().acquire(idOf(0xab), 1)!)).toEqual(idOf(0xab));
});
