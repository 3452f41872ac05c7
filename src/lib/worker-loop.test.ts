/** The polling loop, with polls and pauses under the test's control. */
import { expect, test } from 'bun:test';
import { startWorkerLoop } from './worker-loop.ts';

async function settle(): Promise<void> {
  for (let step = 0; step < 20; step++) await Promise.resolve();
}

function loop(rest?: { times: number; msMax: number }) {
  const time = { ms: 0 };
  const pauses: { ms: number; over: () => void; cancelled: boolean }[] = [];
  const polls: ((busy: boolean | Error) => void)[] = [];
  const errors: unknown[] = [];
  const running = startWorkerLoop({
    timers: {
      after(ms, run) {
        const pause = { ms, over: run, cancelled: false };
        pauses.push(pause);
        return () => {
          pause.cancelled = true;
        };
      },
    },
    random: { next: () => 0.5, bytes: (length) => new Uint8Array(length) },
    pauseMs: 1_000,
    ...(rest && { rest: { ...rest, clock: { now: () => time.ms, mono: () => time.ms } } }),
    work: () =>
      new Promise((resolve, reject) => {
        polls.push((busy) => (busy instanceof Error ? reject(busy) : resolve(busy)));
      }),
    onError: (error) => errors.push(error),
  });
  /** Ends the running poll with this outcome and lets the loop continue. */
  const end = async (busy: boolean | Error) => {
    await settle();
    polls.at(-1)?.(busy);
    await settle();
  };
  return { ...running, pauses, polls, errors, end, time };
}

test('polls follow each other at once while there is work, else after a jittered pause', async () => {
  const { polls, pauses, end, stop } = loop();
  await end(true);
  await end(true);
  expect([polls.length, pauses.length]).toEqual([3, 0]);
  await end(false);
  expect([polls.length, pauses.map((pause) => pause.ms)]).toEqual([3, [1_125]]);
  pauses[0]?.over();
  await end(false);
  expect([polls.length, pauses.length]).toEqual([4, 2]);
  await stop();
});

test('a wake ends the pause and cancels its timer', async () => {
  const { polls, pauses, end, wake, stop } = loop();
  await end(false);
  wake();
  await end(false);
  expect([polls.length, pauses[0]?.cancelled]).toEqual([2, true]);
  await stop();
});

test('a poll during which the loop is woken is followed by another one without a pause', async () => {
  const { polls, pauses, end, wake, stop } = loop();
  wake();
  await end(false);
  expect([polls.length, pauses.length]).toEqual([2, 0]);
  await end(false);
  expect([polls.length, pauses.length]).toEqual([2, 1]);
  await stop();
});

test('a poll that rejects is reported, and the next one follows after the pause', async () => {
  const { polls, pauses, errors, end, stop } = loop();
  await end(new Error('down'));
  expect([polls.length, pauses.length, errors.length]).toEqual([1, 1, 1]);
  pauses[0]?.over();
  await end(true);
  expect(polls.length).toBe(3);
  await end(false);
  await stop();
});

test('a stop waits for the running poll, ends a pause, and no poll follows', async () => {
  const busy = loop();
  let stopped = false;
  const stopping = busy.stop().then(() => (stopped = true));
  await settle();
  expect(stopped).toBe(false);
  await busy.end(true);
  await stopping;
  expect(busy.polls.length).toBe(1);

  const idle = loop();
  await idle.end(false);
  await idle.stop();
  idle.wake();
  expect([idle.polls.length, idle.pauses[0]?.cancelled]).toEqual([1, true]);
});

test('a rest is proportional to the duration of the poll, up to its maximum, and a wake does not end it', async () => {
  const { polls, pauses, end, wake, stop, time } = loop({ times: 2, msMax: 500 });
  time.ms = 40;
  await end(true);
  expect([polls.length, pauses.map((pause) => pause.ms)]).toEqual([1, [80]]);
  wake();
  await settle();
  expect(polls.length).toBe(1);
  pauses[0]?.over();
  await settle();
  time.ms = 4_000;
  await end(true);
  expect([polls.length, pauses.at(-1)?.ms]).toEqual([2, 500]);
  pauses[1]?.over();
  await end(false);
  expect([polls.length, pauses.at(-1)?.ms]).toEqual([3, 1_125]);
  await stop();
});

test('a stop ends a rest', async () => {
  const { polls, end, stop, time, pauses } = loop({ times: 2, msMax: 500 });
  time.ms = 40;
  await end(true);
  await stop();
  expect([polls.length, pauses[0]?.cancelled]).toEqual([1, true]);
});
