/**
 * The heartbeat wheel when timers fire late: it keeps to its schedule, and no room beats twice in a short time.
 */
import { expect, test } from 'bun:test';
import { createSimulatedWorld } from '../../../../test/support/in-process/world.simulated.ts';
import { CATCH_UP_MS_MAX, HEARTBEAT_MS, HeartbeatWheel } from './heartbeat.ts';

/** A wheel whose timers fire `lateness.ms` late; it counts the beats of each timer call. */
function lateWheel() {
  const world = createSimulatedWorld(1);
  const lateness = { ms: 0 };
  const beatsPerCall: number[] = [];
  const wheel = new HeartbeatWheel({
    clock: world.clock,
    timers: {
      after: (ms, run) =>
        world.timers.after(ms + lateness.ms, () => {
          beatsPerCall.push(0);
          run();
        }),
    },
  });
  /** Adds a room; returns the times of its beats. */
  const add = () => {
    const times: number[] = [];
    wheel.add({
      beat: () => {
        times.push(world.clock.mono());
        beatsPerCall[beatsPerCall.length - 1]!++;
      },
    });
    return times;
  };
  /** Adds a room to each spoke; returns the times of their beats. */
  const addEverywhere = async () => {
    const rooms: number[][] = [];
    for (let spoke = 0; spoke < 150; spoke++) {
      rooms.push(add());
      await world.advance(100);
    }
    return rooms;
  };
  /** The process does nothing for about `ms`: the next timer fires that much late. */
  const stall = async (ms: number) => {
    lateness.ms = ms;
    await world.advance(100);
    lateness.ms = 0;
    await world.advance(ms + 100);
  };
  return { world, lateness, beatsPerCall, add, addEverywhere, stall };
}

const gaps = (times: readonly number[]) => times.slice(1).map((time, index) => time - times[index]!);

test('P47 timers that fire 3 ms late do not add up: beat 40 is at most 3 ms after its planned time', async () => {
  const { world, lateness, add } = lateWheel();
  lateness.ms = 3;
  const times = add();
  await world.advance(41 * HEARTBEAT_MS);
  const lateMs = times.slice(0, 40).map((time, index) => time - (index + 1) * HEARTBEAT_MS);
  expect(lateMs).toHaveLength(40);
  expect(Math.min(...lateMs)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...lateMs)).toBeLessThanOrEqual(3);
});

test('P47 after a short stall the wheel catches up, one spoke in a timer call, and is back on its plan', async () => {
  const { world, beatsPerCall, addEverywhere, stall } = lateWheel();
  const rooms = await addEverywhere();
  await world.advance(HEARTBEAT_MS);
  await stall(CATCH_UP_MS_MAX - 100);
  await world.advance(3 * HEARTBEAT_MS);
  expect(Math.max(...beatsPerCall)).toBe(1);
  for (const [spoke, times] of rooms.entries()) {
    expect(times.at(-1)! % HEARTBEAT_MS).toBe((spoke * 100) % HEARTBEAT_MS);
    expect(Math.max(...gaps(times))).toBeLessThan(HEARTBEAT_MS + CATCH_UP_MS_MAX);
    expect(Math.min(...gaps(times))).toBeGreaterThanOrEqual(HEARTBEAT_MS - CATCH_UP_MS_MAX);
  }
});

test('P47 P49 after a long stall the plan is moved: no room beats twice before a page could reply to a ping', async () => {
  const { world, beatsPerCall, addEverywhere, stall } = lateWheel();
  const rooms = await addEverywhere();
  await world.advance(HEARTBEAT_MS);
  await stall(20_000);
  await world.advance(3 * HEARTBEAT_MS);
  expect(Math.max(...beatsPerCall)).toBe(1);
  for (const times of rooms) {
    expect(Math.min(...gaps(times))).toBe(HEARTBEAT_MS);
    expect(Math.max(...gaps(times))).toBe(HEARTBEAT_MS + 20_000);
  }
});
