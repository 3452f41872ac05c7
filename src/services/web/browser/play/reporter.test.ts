import { expect, test } from 'bun:test';
import type { PageReport } from '../../play/play-data.ts';
import { REPORTS_PER_BATCH_MAX } from '../../play/play-data.ts';
import { BATCH_MS, createReporter, REPORTS_PER_PAGE_MAX } from './reporter.ts';

/** A page whose timer and network the test controls. */
function page() {
  const sent: (readonly PageReport[])[] = [];
  let due: (() => void) | null = null;
  const network = { online: true };
  const reporter = createReporter({
    after(ms, run) {
      expect(ms).toBe(BATCH_MS);
      due = run;
      return () => {};
    },
    async send(reports) {
      if (network.online) sent.push(reports);
      return network.online;
    },
  });
  return {
    ...reporter,
    sent,
    network,
    get waiting() {
      return due !== null;
    },
    /** Sends the next batch; resolves after its response. */
    async tick() {
      const run = due;
      due = null;
      run?.();
      await Promise.resolve();
      await Promise.resolve();
    },
  };
}

test('reports are sent in batches, not one by one', async () => {
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

test('equal reports are sent as one with a count', async () => {
  const { report, sent, tick } = page();
  for (let times = 0; times < 7; times++) report('error', 'loop');
  await tick();
  expect(sent).toEqual([[{ kind: 'error', detail: '(7 times) loop' }]]);
});

test('a batch is bounded; the rest is sent with the next', async () => {
  const one = page();
  for (let index = 0; index < 30; index++) one.report('error', String(index));
  await one.tick();
  await one.tick();
  expect(one.sent.map(({ length }) => length)).toEqual([REPORTS_PER_BATCH_MAX, 10]);
  expect(one.waiting).toBe(false);
});

test('without a network they wait, and none is lost or sent twice', async () => {
  const one = page();
  one.network.online = false;
  one.report('error', 'a');
  await one.tick();
  one.report('error', 'a');
  one.network.online = true;
  await one.tick();
  expect(one.sent).toEqual([[{ kind: 'error', detail: '(2 times) a' }]]);
});

test('one page sends a bounded number of reports, however long it fails', async () => {
  const one = page();
  for (let index = 0; index < 5_000; index++) {
    one.report('error', String(index));
    if (index % 10 === 9) await one.tick();
  }
  expect(one.sent.flat()).toHaveLength(REPORTS_PER_PAGE_MAX);
});

test('long reports are cut to the lengths that the server accepts', async () => {
  const { report, sent, tick } = page();
  report('k'.repeat(99), 'd'.repeat(9_999));
  report('k'.repeat(99), 'd'.repeat(9_999));
  await tick();
  const [only] = sent[0] ?? [];
  expect([only?.kind.length, only?.detail.length]).toEqual([40, 2_000]);
});
