/** Chunks take time to inflate; what comes out is in order all the same, and only of this connection. */
import { expect, test } from 'bun:test';
import { chunk } from '../protocol/chunk.ts';
import { RecordKind } from '../protocol/record.ts';
import { add, Scene } from '../test/scene.ts';

function history(scene: Scene, moves: number): void {
  for (let n = 1; n <= moves; n++) {
    scene.room.append(RecordKind.move, 2, 9, n, JSON.stringify(add(n)));
  }
}

test('chunks inflated in any order are applied in theirs, live frames behind them', async () => {
  const scene = new Scene();
  history(scene, 20);
  const page = await scene.open({}, false);
  page.slowInflate = true;
  await scene.time.advance(100);
  expect(page.inflating.length).toBeGreaterThan(3);
  history(scene, 1);
  await scene.time.advance(100);
  for (const go of page.inflating.splice(0).toReversed()) {
    expect(page.session.state()).toBeNull();
    go();
    await scene.time.advance(10);
  }
  expect(page.session.state()?.seqs).toEqual(Array.from({ length: 21 }, (_, at) => at + 3));
  expect(page.session.status()).toBe('live');
  expect(page.sockets).toHaveLength(1);
});

test('a chunk inflated after its connection was lost changes nothing', async () => {
  const scene = new Scene();
  history(scene, 6);
  const page = await scene.open({}, false);
  page.slowInflate = true;
  await scene.time.advance(100);
  const late = page.inflating.splice(0);
  page.slowInflate = false;
  page.socket.reset();
  await scene.time.advance(1_000);
  const state = page.session.state();
  expect(page.sum).toBe(21);
  for (const go of late) go();
  await scene.time.advance(100);
  expect(page.session.state()).toBe(state);
  expect(page.reports).toHaveLength(1);
});

test('a chunk of an older connection does not get into the replay of a newer one', async () => {
  const scene = new Scene();
  history(scene, 6);
  const page = await scene.open({}, false);
  page.slowInflate = true;
  await scene.time.advance(100);
  const late = page.inflating.splice(0);
  page.socket.reset();
  // The log was restored, and what happened since is another story.
  scene.room.log.splice(2);
  scene.room.restart(300);
  for (let n = 1; n <= 6; n++) scene.room.append(RecordKind.move, 3, 8, n, JSON.stringify(add(100)));
  await scene.time.advance(1_000);
  for (const go of late) go();
  await scene.time.advance(10);
  for (const go of page.inflating.splice(0)) go();
  await scene.time.advance(1_000);
  for (const go of page.inflating.splice(0)) go();
  await scene.time.advance(10);
  expect(page.sum).toBe(600);
});

test('a replay cut in its middle goes on from there, and a chunk that begins before it is skipped into', async () => {
  const scene = new Scene();
  history(scene, 20);
  const page = await scene.open({}, false);
  page.slowInflate = true;
  await scene.time.advance(100);
  for (const go of page.inflating.splice(0, 2)) go();
  await scene.time.advance(10);
  page.slowInflate = false;
  scene.room.chunkRecords = 3;
  page.socket.reset();
  await scene.time.advance(1_000);
  expect(scene.room.hellos.at(-1)?.seq).toBe(8);
  expect(page.session.state()?.seqs).toHaveLength(20);
});

test('replay while the app leaves: nothing is applied and nobody is told after close', async () => {
  const scene = new Scene();
  history(scene, 20);
  const page = await scene.open({}, false);
  page.slowInflate = true;
  await scene.time.advance(100);
  let told = 0;
  page.session.onChange(() => told++);
  page.session.close();
  for (const go of page.inflating.splice(0)) go();
  await scene.time.advance(1_000);
  expect(told).toBe(0);
  expect(page.session.state()).toBeNull();
  expect(scene.time.timers).toBe(0);
});

test('first frames before anybody listens: what comes right behind the welcome is not lost', async () => {
  const scene = new Scene();
  history(scene, 5);
  scene.gathers = true;
  const page = await scene.open({}, false);
  await scene.time.advance(100);
  expect(page.session.status()).toBe('connecting');
  // Welcome, a chunk, records and live, in one moment; the app attaches its listener behind it.
  expect(page.socket.gathered).toHaveLength(4);
  page.socket.arriveTogether();
  const seen: (number | undefined)[] = [];
  page.session.onChange(() => seen.push(page.sum));
  await scene.time.advance(10);
  expect(page.session.status()).toBe('live');
  expect([page.sum, seen.at(-1)]).toEqual([15, 15]);
  expect([page.sockets.length, page.reports]).toEqual([1, []]);
});

test('a chunk that cannot be inflated ends the connection, not the page', async () => {
  const scene = new Scene();
  const page = await scene.open();
  page.socket.deliver(chunk.encode({ first: 3, last: 4, deflated: Uint8Array.of(0xff, 0xff) }));
  await scene.time.advance(2_000);
  expect(page.session.status()).toBe('live');
  expect(page.sockets).toHaveLength(2);
});

test('a room of thousands of records is there in one go', async () => {
  const scene = new Scene();
  scene.room.chunkRecords = 256;
  history(scene, 3_000);
  const page = await scene.open();
  expect(page.session.state()?.seqs).toHaveLength(3_000);
});
