import { expect, test } from 'bun:test';
import type { PageReport } from '../../play-data.ts';
import { REPORTS_PER_BATCH_MAX } from '../../play-data.ts';
import { BATCH_MS, createReporter, REPORTS_PER_PAGE_MAX } from './reporter.ts';

/** A page whose clock the test moves and whose network it can cut. */
function page() {
  const sent: (readonly PageReport[])[] = [];
  let due: (() => void) | null = null;
  const world = { online: true };
  const reporter = createReporter({
    after(ms, run) {
      expect(ms).toBe(BATCH_MS);
      due = run;
      return () => {};
    },
    async send(reports) {
      if (world.online) sent.push(reports);
      return world.online;
    },
  });
  return {
    ...reporter,
    sent,
    world,
    get waiting() {
      return due !== null;
    },
    /** The next batch is due; its answer has come when this resolves. */
    async tick() {
      const run = due;
      due = null;
      run?.();
      await Promise.resolve();
      await Promise.resolve();
    },
  };
}

test('reports go out together, not one by one', async () => {
  const { report, sent, tick } = page();
  report('error', 'a');
  report('closed', '4000');
  expect(sent).toEqual([]);
  await tick();
  expect(sent).toEqual([
    [
      { kind: 'error', detail: 'a' },
      { kind: 'closed', detail: '4000' },
    ],
  ]);
});

test('the same report many times is one with a count', async () => {
  const { report, sent, tick } = page();
  for (let times = 0; times < 7; times++) report('error', 'loop');
  await tick();
  expect(sent).toEqual([[{ kind: 'error', detail: '(7 times) loop' }]]);
});

test('a batch is bounded; the rest comes with the next', async () => {
  const one = page();
  for (let index = 0; index < 30; index++) one.report('error', String(index));
  await one.tick();
  await one.tick();
  expect(one.sent.map(({ length }) => length)).toEqual([REPORTS_PER_BATCH_MAX, 10]);
  expect(one.waiting).toBe(false);
});

test('without a network they wait, and none is lost or doubled', async () => {
  const one = page();
  one.world.online = false;
  one.report('error', 'a');
  await one.tick();
  one.report('error', 'a');
  one.world.online = true;
  await one.tick();
  expect(one.sent).toEqual([[{ kind: 'error', detail: '(2 times) a' }]]);
});

test('one page reports only so much, however long it fails', async () => {
  const one = page();
  for (let index = 0; index < 5_000; index++) {
    one.report('error', String(index));
    if (index % 10 === 9) await one.tick();
  }
  expect(one.sent.flat()).toHaveLength(REPORTS_PER_PAGE_MAX);
});

test('long reports are cut to what the server takes', async () => {
  const { report, sent, tick } = page();
  report('k'.repeat(99), 'd'.repeat(9_999));
  report('k'.repeat(99), 'd'.repeat(9_999));
  await tick();
  const [only] = sent[0] ?? [];
  expect([only?.kind.length, only?.detail.length]).toEqual([40, 2_000]);
});
