/** Tests of limits and positions that docs/protocol.md states exactly, for clients in other languages. */
import { expect, test } from 'bun:test';
import { RECORD_VERSION, RecordKind, recordLength } from '../../../../sdk/protocol/record.ts';
import { RefusedReason } from '../../../../sdk/protocol/refused.ts';
import { createGameFixture, type Page, upTo } from '../../../../test/support/in-process/game-fixture.ts';

test('P25 P26 a page that has only entry 1 gets everything again: entry 1 has no epoch', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join({ seat: 1 });
  anna.send(1);
  await fixture.commit();
  const { epoch } = anna.peer.last('welcome');
  for (const [index, position] of [
    { epoch: 0, seq: 1 },
    { epoch, seq: 1 },
  ].entries()) {
    const page = await fixture.join({ seat: 2, ids: [20 + index], ...position });
    expect(page.peer.last('welcome').resumed).toBe(0);
    expect(page.seqs()).toEqual(upTo(4));
  }
  const resumed = await fixture.join({ seat: 2, ids: [30], epoch, seq: 2 });
  expect(resumed.peer.last('welcome').resumed).toBe(1);
});

const refusals = (page: Page) => page.peer.all('refused').map(({ clientSeq, reason }) => [clientSeq, reason]);

test('P55 the total of entries counts open, epoch and client records; a new epoch is written in a full room, too', async () => {
  const fixture = await createGameFixture({ roomEntriesMax: 5 });
  const anna = await fixture.join({ seat: 1 });
  for (let seq = 1; seq <= 3; seq++) anna.send(seq);
  await fixture.commit();
  const { open, epoch, client, move } = RecordKind;
  expect(anna.records().map(({ kind }) => kind)).toEqual([open, epoch, client, move, move]);
  expect(refusals(anna)).toEqual([[3, RefusedReason.roomFull]]);
  await fixture.crash();
  const back = await fixture.join({ seat: 1 });
  back.send(3);
  await fixture.commit();
  expect(back.records().map(({ kind }) => kind)).toEqual([open, epoch, client, move, move, epoch]);
  expect(refusals(back)).toEqual([[3, RefusedReason.roomFull]]);
});

test('P55 the total of bytes counts open, epoch and client records', async () => {
  const play = async (roomBytesMax?: number) => {
    const fixture = await createGameFixture(roomBytesMax === undefined ? {} : { roomBytesMax });
    const anna = await fixture.join({ seat: 1 });
    anna.send(1);
    await fixture.commit();
    return anna;
  };
  const records = (await play()).records();
  expect(records.map(({ seq }) => seq)).toEqual(upTo(4));
  const bytes = records.reduce((sum, record) => sum + recordLength(record, record.body.length), 0);
  expect(refusals(await play(bytes))).toEqual([]);
  expect(refusals(await play(bytes - 1))).toEqual([[1, RefusedReason.roomFull]]);
});

test('P28 a kind byte with the personal bit is refused; the server sets the bit in the record', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join({ seat: 1 });
  for (const kind of [RecordKind.chat, RecordKind.note]) anna.send(1, 'x', { kind: kind | 0x20 });
  anna.send(1, 'x', { kind: RecordKind.chat });
  await fixture.commit();
  const { kind: reason } = RefusedReason;
  expect(refusals(anna)).toEqual([
    [1, reason],
    [1, reason],
  ]);
  expect(anna.records().at(-1)).toMatchObject({ kind: RecordKind.chat, clientSeq: 1 });
  const bytes = Buffer.concat(anna.peer.sent.filter((frame) => frame[0] === RECORD_VERSION));
  expect(bytes.includes(Buffer.of(RECORD_VERSION, RecordKind.chat | 0x20))).toBe(true);
});

test('P49 a silent socket is pinged after 30 to 45 s and closed after 45 to 60 s', async () => {
  const fixture = await createGameFixture();
  const now = () => fixture.world.clock.mono();
  const pages: { readonly page: Page; readonly activeAt: number; ping: number; close: number }[] = [];
  // One page in each second of a heartbeat interval, so that each has another time since the last beat.
  for (let seat = 1; seat <= 15; seat++) {
    pages.push({ page: await fixture.join({ seat }), activeAt: now(), ping: 0, close: 0 });
    await fixture.world.advance(990);
  }
  while (pages.some(({ close }) => close === 0)) {
    await fixture.world.advance(100);
    for (const each of pages) {
      if (each.page.peer.pings > 0) each.ping ||= now() - each.activeAt;
      if (each.page.closedWith !== null) each.close ||= now() - each.activeAt;
    }
  }
  const seconds = (times: readonly number[]) =>
    [Math.min(...times), Math.max(...times)].map((ms) => ms / 1_000);
  const [pingMin, pingMax] = seconds(pages.map(({ ping }) => ping));
  const [closeMin, closeMax] = seconds(pages.map(({ close }) => close));
  for (const [time, from, to] of [
    [pingMin!, 30, 31.5],
    [pingMax!, 43.5, 45.5],
    [closeMin!, 45, 46.5],
    [closeMax!, 58.5, 60.5],
  ] as const) {
    expect(time).toBeGreaterThanOrEqual(from);
    expect(time).toBeLessThanOrEqual(to);
  }
  expect(pages.map(({ page }) => page.closedWith)).toEqual(pages.map(() => 4004));
});
