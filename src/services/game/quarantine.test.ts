/** Quarantining rooms while writes to the main database fail. */
import { expect, test } from 'bun:test';
import { createSimulatedWorld } from '../../../test/support/in-process/world.simulated.ts';
import { createQuarantine } from './quarantine.ts';

const MINUTE = 60_000;

/** With a database that fails until the test sets `down` to false. */
function startQuarantine() {
  const world = createSimulatedWorld(1);
  const state = { down: true, tries: 0, written: [] as string[], logged: [] as string[] };
  const quarantine = createQuarantine({
    world,
    log: { info: () => {}, error: (what, fields) => state.logged.push(`${what} ${JSON.stringify(fields)}`) },
    async write(room, why) {
      state.tries++;
      if (state.down) throw new Error('database is locked');
      state.written.push(`${room}: ${why}`);
    },
  });
  return { world, state, quarantine };
}

test('[I6] a failed write is logged and retried until it succeeds', async () => {
  const { world, state, quarantine } = startQuarantine();
  quarantine.add('broken', 'entry 3 is no record');
  await world.advance(20 * MINUTE);
  expect(state.logged[0]).toContain('database is locked');
  expect(state.written).toEqual([]);
  // First after 5 s, then at growing intervals of up to five minutes.
  expect(state.tries).toBeGreaterThan(6);
  expect(state.tries).toBeLessThan(15);
  state.down = false;
  await world.advance(5 * MINUTE);
  expect(state.written).toEqual(['broken: entry 3 is no record']);
  expect(world.timerCount()).toBe(0);
});

test('a room with a pending write is not written twice; after the write it may be quarantined again', async () => {
  const { world, state, quarantine } = startQuarantine();
  quarantine.add('broken', 'first');
  await world.settle();
  quarantine.add('broken', 'second');
  state.down = false;
  await world.advance(MINUTE);
  expect(state.written).toEqual(['broken: first']);
  quarantine.add('broken', 'third');
  await world.settle();
  expect(state.written).toEqual(['broken: first', 'broken: third']);
});

test('nothing is retried after stop', async () => {
  const { world, state, quarantine } = startQuarantine();
  quarantine.add('waits', 'why');
  await world.settle();
  quarantine.add('under way', 'why');
  quarantine.stop();
  await world.advance(20 * MINUTE);
  quarantine.add('late', 'why');
  expect([state.tries, world.timerCount()]).toEqual([2, 0]);
});
