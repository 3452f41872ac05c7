/** Faults that other message servers met in earnest, played against this one from its first day on. */
import { expect, test } from 'bun:test';
import { createGameBench, play, ROOM, ticket, upTo } from '../../../test/support/in-process/game-fixture.ts';
import { seededRandom } from '../../../test/support/in-process/world.simulated.ts';

test('bad reconnect token leaves timers intact: an empty room is released on time, and its player gets in', async () => {
  const bench = await createGameBench();
  const anna = await bench.join({ seat: 1 });
  await play(bench, anna, 2);
  const { pass } = anna.peer.last('welcome');
  anna.peer.leave();
  for (let each = 0; each < 10; each++) {
    await bench.world.advance(4_000);
    const bad = await bench.join({ credential: `${pass}x` });
    const other = await bench.join({ credential: ticket(bench.world, { room: 'z'.repeat(20) }) });
    expect([bad.closedWith, other.closedWith]).toEqual([4402, 4402]);
  }
  expect(bench.game.counts()).toEqual({ rooms: 1, sockets: 0 });
  await bench.world.advance(36_000);
  expect([bench.game.counts().rooms, bench.log.releases]).toEqual([0, [ROOM]]);
  expect((await bench.join({ credential: pass })).moves()).toEqual(['m1', 'm2']);
});

test('resend after ack lost, before a restart and after it: each move is taken once', async () => {
  const bench = await createGameBench();
  const anna = await bench.join({ seat: 1 });
  anna.peer.stuck = true;
  anna.send(1);
  await bench.commit();
  // The echo never arrived: the same page comes back and sends again.
  const again = await bench.join({ seat: 1 });
  expect(again.peer.last('welcome').clients).toEqual([{ number: 1, lastSeq: 1 }]);
  again.send(1);
  again.send(2);
  await bench.commit();
  await bench.crash();
  const after = await bench.join({ seat: 1 });
  after.send(1);
  after.send(2);
  after.send(3);
  await bench.commit();
  expect(after.moves()).toEqual(['m1', 'm2', 'm3']);
});

test('epoch change with higher offset: a page that has more than there is gets a reset and everything', async () => {
  const bench = await createGameBench();
  const anna = await bench.join({ seat: 1 });
  await play(bench, anna, 3);
  const { epoch } = anna.peer.last('welcome');
  await bench.crash();
  const ahead = await bench.join({ seat: 1, epoch, seq: 60 });
  expect(ahead.peer.last('welcome').resumed).toBe(0);
  expect(ahead.seqs()).toEqual(upTo(ahead.peer.last('live').seq));
});

test('epoch change with lower offset: a page that stands where the old epoch wrote gets what is missing', async () => {
  const bench = await createGameBench();
  const anna = await bench.join({ seat: 1 });
  await play(bench, anna, 3);
  const { epoch } = anna.peer.last('welcome');
  await bench.crash();
  const behind = await bench.join({ seat: 1, epoch, seq: 4 });
  const { resumed, seq } = behind.peer.last('welcome');
  expect(resumed).toBe(1);
  expect(behind.seqs().filter((each) => each > 4)).toEqual(upTo(seq, 5));
});

/** How long the disk takes for a commit in these tests. */
const WRITE_MS = 40;

for (const loss of ['everything', 'random'] as const) {
  test(`power loss between write and fsync (${loss} lost): nobody was told, and the move sent again is taken once`, async () => {
    for (let seed = 1; seed <= 10; seed++) {
      const bench = await createGameBench(
        {},
        {},
        {
          random: seededRandom(seed),
          delayMs: ({ kind }) => (kind === 'writeDurably' || kind === 'sync' ? WRITE_MS : 0),
        },
      );
      const anna = await bench.join({ seat: 1 });
      const ben = await bench.join({ seat: 2 });
      await bench.world.advance(500);
      anna.send(1);
      await bench.world.advance(WRITE_MS / 2);
      // The bytes are with the disk, and the disk has not said that they are safe.
      expect([anna.moves(), ben.moves(), ben.peer.last('live').seq]).toEqual([[], [], 2]);
      await bench.crash(loss);
      const again = bench.open({ seat: 1 });
      again.hello({ seat: 1 });
      await bench.world.advance(500);
      again.send(1);
      again.send(2);
      await bench.world.advance(500);
      expect(again.moves()).toEqual(['m1', 'm2']);
    }
  });
}

test('torn last record: what was told stays, the rest is there as a whole or not at all, and play goes on', async () => {
  let torn = 0;
  for (let seed = 1; seed <= 30; seed++) {
    const bench = await createGameBench(
      {},
      {},
      {
        random: seededRandom(seed),
        delayMs: ({ kind }) => (kind === 'writeDurably' || kind === 'sync' ? WRITE_MS : 0),
      },
    );
    const anna = bench.open({ seat: 1 });
    anna.hello({ seat: 1 });
    await bench.world.advance(500);
    anna.send(1);
    await bench.world.advance(500);
    expect(anna.moves()).toEqual(['m1']);
    // Eight sectors, of which any may have reached the disk.
    const body = 'x'.repeat(4_000);
    anna.send(2, body);
    await bench.world.advance(WRITE_MS / 2);
    await bench.crash('random');
    const again = bench.open({ seat: 1 });
    again.hello({ seat: 1 });
    await bench.world.advance(500);
    const { lastSeq } = again.peer.last('welcome').clients[0]!;
    expect(again.moves()).toEqual(lastSeq === 2 ? ['m1', body] : ['m1']);
    if (lastSeq === 1) torn++;
    again.send(lastSeq + 1, 'on');
    await bench.world.advance(500);
    expect(again.moves().at(-1)).toBe('on');
  }
  expect(torn).toBeGreaterThan(20);
});
