/** Faults known from other message servers, tested against this one. */
import { expect, test } from 'bun:test';
import {
  createGameFixture,
  play,
  ROOM,
  ticket,
  upTo,
} from '../../../test/support/in-process/game-fixture.ts';
import { seededRandom } from '../../../test/support/in-process/world.simulated.ts';

test('bad reconnect token leaves timers intact: an empty room is released on time, and its player can join again', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join({ seat: 1 });
  await play(fixture, anna, 2);
  const { pass } = anna.peer.last('welcome');
  anna.peer.closeFromPage();
  for (let each = 0; each < 10; each++) {
    await fixture.world.advance(4_000);
    const bad = await fixture.join({ credential: `${pass}x` });
    const other = await fixture.join({ credential: ticket(fixture.world, { room: 'z'.repeat(20) }) });
    expect([bad.closedWith, other.closedWith]).toEqual([4402, 4402]);
  }
  expect(fixture.game.counts()).toEqual({ rooms: 1, sockets: 0 });
  await fixture.world.advance(36_000);
  expect([fixture.game.counts().rooms, fixture.log.releases]).toEqual([0, [ROOM]]);
  expect((await fixture.join({ credential: pass })).moves()).toEqual(['m1', 'm2']);
});

test('resend after ack lost, before a restart and after it: each move is accepted once', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join({ seat: 1 });
  anna.peer.isStuck = true;
  anna.send(1);
  await fixture.commit();
  // The echo never arrived: the same page reconnects and resends.
  const again = await fixture.join({ seat: 1 });
  expect(again.peer.last('welcome').clients).toEqual([{ number: 1, lastSeq: 1 }]);
  again.send(1);
  again.send(2);
  await fixture.commit();
  await fixture.crash();
  const after = await fixture.join({ seat: 1 });
  after.send(1);
  after.send(2);
  after.send(3);
  await fixture.commit();
  expect(after.moves()).toEqual(['m1', 'm2', 'm3']);
});

test('epoch change with higher offset: a page with a position beyond the head is reset and gets all records', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join({ seat: 1 });
  await play(fixture, anna, 3);
  const { epoch } = anna.peer.last('welcome');
  await fixture.crash();
  const ahead = await fixture.join({ seat: 1, epoch, seq: 60 });
  expect(ahead.peer.last('welcome').resumed).toBe(0);
  expect(ahead.seqs()).toEqual(upTo(ahead.peer.last('live').seq));
});

test('epoch change with lower offset: a page with a position of the old epoch gets only the missing records', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join({ seat: 1 });
  await play(fixture, anna, 3);
  const { epoch } = anna.peer.last('welcome');
  await fixture.crash();
  const behind = await fixture.join({ seat: 1, epoch, seq: 4 });
  const { resumed, seq } = behind.peer.last('welcome');
  expect(resumed).toBe(1);
  expect(behind.seqs().filter((each) => each > 4)).toEqual(upTo(seq, 5));
});

/** Disk time of a commit in these tests. */
const WRITE_MS = 40;

for (const loss of ['everything', 'random'] as const) {
  test(`power loss between write and fsync (${loss} lost): no echo was sent, and the resent move is accepted once`, async () => {
    for (let seed = 1; seed <= 10; seed++) {
      const fixture = await createGameFixture(
        {},
        {},
        {
          random: seededRandom(seed),
          delayMs: ({ kind }) => (kind === 'writeDurably' || kind === 'sync' ? WRITE_MS : 0),
        },
      );
      const anna = await fixture.join({ seat: 1 });
      const ben = await fixture.join({ seat: 2 });
      await fixture.world.advance(500);
      anna.send(1);
      await fixture.world.advance(WRITE_MS / 2);
      // The bytes are being written, and the disk has not confirmed them.
      expect([anna.moves(), ben.moves(), ben.peer.last('live').seq]).toEqual([[], [], 2]);
      await fixture.crash(loss);
      const again = fixture.open({ seat: 1 });
      again.hello({ seat: 1 });
      await fixture.world.advance(500);
      again.send(1);
      again.send(2);
      await fixture.world.advance(500);
      expect(again.moves()).toEqual(['m1', 'm2']);
    }
  });
}

test('torn last record: what was echoed is kept, anything else is kept as a whole or not at all, and play goes on', async () => {
  let torn = 0;
  for (let seed = 1; seed <= 30; seed++) {
    const fixture = await createGameFixture(
      {},
      {},
      {
        random: seededRandom(seed),
        delayMs: ({ kind }) => (kind === 'writeDurably' || kind === 'sync' ? WRITE_MS : 0),
      },
    );
    const anna = fixture.open({ seat: 1 });
    anna.hello({ seat: 1 });
    await fixture.world.advance(500);
    anna.send(1);
    await fixture.world.advance(500);
    expect(anna.moves()).toEqual(['m1']);
    // Eight sectors; each may have reached the disk or not.
    const body = 'x'.repeat(4_000);
    anna.send(2, body);
    await fixture.world.advance(WRITE_MS / 2);
    await fixture.crash('random');
    const again = fixture.open({ seat: 1 });
    again.hello({ seat: 1 });
    await fixture.world.advance(500);
    const { lastSeq } = again.peer.last('welcome').clients[0]!;
    expect(again.moves()).toEqual(lastSeq === 2 ? ['m1', body] : ['m1']);
    if (lastSeq === 1) torn++;
    again.send(lastSeq + 1, 'on');
    await fixture.world.advance(500);
    expect(again.moves().at(-1)).toBe('on');
  }
  expect(torn).toBeGreaterThan(20);
});
