import { expect, test } from 'bun:test';
import { startWorkerLoop } from './worker-loop.ts';

async function settle(): Promise<void> {
  for (let step = 0; step < 20; step++) await Promise.resolve();
}

/** A loop whose looks and pauses the test decides. */
function loop(rest?: { times: number; msMax: number }) {
  const time = { ms: 0 };
  const pauses: { ms: number; over: () => void; cancelled: boolean }[] = [];
  const looks: ((busy: boolean | Error) => void)[] = [];
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
        looks.push((busy) => (busy instanceof Error ? reject(busy) : resolve(busy)));
      }),
    onError: (error) => errors.push(error),
  });
  /** Ends the look under way and lets the loop go on. */
  const end = async (busy: boolean | Error) => {
    await settle();
    looks.at(-1)?.(busy);
    await settle();
  };
  return { ...running, pauses, looks, errors, end, time };
}

test('looks follow each other while there is work, with a jittered pause when there is none', async () => {
  const { looks, pauses, end, stop } = loop();
  await end(true);
  await end(true);
  expect([looks.length, pauses.length]).toEqual([3, 0]);
  await end(false);
  expect([looks.length, pauses.map((pause) => pause.ms)]).toEqual([3, [1_125]]);
  pauses[0]?.over();
  await end(false);
  expect([looks.length, pauses.length]).toEqual([4, 2]);
  await stop();
});

test('a wake ends the pause and takes its timer away', async () => {
  const { looks, pauses, end, wake, stop } = loop();
  await end(false);
  wake();
  await end(false);
  expect([looks.length, pauses[0]?.cancelled]).toEqual([2, true]);
  await stop();
});

test('a wake during a look is followed by another look, without a pause', async () => {
  const { looks, pauses, end, wake, stop } = loop();
  wake();
  await end(false);
  expect([looks.length, pauses.length]).toEqual([2, 0]);
  await end(false);
  expect([looks.length, pauses.length]).toEqual([2, 1]);
  await stop();
});

test('a look that throws is told and tried again after the pause', async () => {
  const { looks, pauses, errors, end, stop } = loop();
  await end(new Error('down'));
  expect([looks.length, pauses.length, errors.length]).toEqual([1, 1, 1]);
  pauses[0]?.over();
  await end(true);
  expect(looks.length).toBe(3);
  await end(false);
  await stop();
});

test('a stop waits for the look under way, ends a pause, and no look follows', async () => {
  const busy = loop();
  let stopped = false;
  const stopping = busy.stop().then(() => (stopped = true));
  await settle();
  expect(stopped).toBe(false);
  await busy.end(true);
  await stopping;
  expect(busy.looks.length).toBe(1);

  const idle = loop();
  await idle.end(false);
  await idle.stop();
  idle.wake();
  expect([idle.looks.length, idle.pauses[0]?.cancelled]).toEqual([1, true]);
});

test('work that is to rest rests in proportion to what a look took, up to its bound, and no wake ends it', async () => {
  const { looks, pauses, end, wake, stop, time } = loop({ times: 2, msMax: 500 });
  time.ms = 40;
  await end(true);
  expect([looks.length, pauses.map((pause) => pause.ms)]).toEqual([1, [80]]);
  wake();
  await settle();
  expect(looks.length).toBe(1);
  pauses[0]?.over();
  await settle();
  time.ms = 4_000;
  await end(true);
  expect([looks.length, pauses.at(-1)?.ms]).toEqual([2, 500]);
  pauses[1]?.over();
  await end(false);
  expect([looks.length, pauses.at(-1)?.ms]).toEqual([3, 1_125]);
  await stop();
});

test('a stop ends a rest', async () => {
  const { looks, end, stop, time, pauses } = loop({ times: 2, msMax: 500 });
  time.ms = 40;
  await end(true);
  await stop();
  expect([looks.length, pauses[0]?.cancelled]).toEqual([1, true]);
});
