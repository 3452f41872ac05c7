/** The semaphore: how many run at once, in which order, and when it refuses. */
import { expect, test } from 'bun:test';
import { failureOf } from '../../test/support/failure.ts';
import { Semaphore } from './semaphore.ts';

/** Starts work that ends when `end[name]` is called, and records when it began. */
function runner(semaphore: Semaphore) {
  const begun: string[] = [];
  const end: { [name: string]: () => void } = {};
  const start = (name: string) =>
    semaphore.run(() => {
      begun.push(name);
      return new Promise<void>((resolve) => (end[name] = resolve));
    });
  return { begun, end, start };
}

test('no more than the maximum run at once; the others run in the order of their calls', async () => {
  const { begun, end, start } = runner(new Semaphore(2, 10));
  const runs = ['a', 'b', 'c', 'd'].map(start);
  await Bun.sleep(0);
  expect(begun).toEqual(['a', 'b']);
  end['b']!();
  await runs[1];
  await Bun.sleep(0);
  expect(begun).toEqual(['a', 'b', 'c']);
  end['a']!();
  await runs[0];
  await Bun.sleep(0);
  expect(begun).toEqual(['a', 'b', 'c', 'd']);
});

test('a full queue is refused at once and its work never runs', async () => {
  const { begun, start } = runner(new Semaphore(1, 1));
  void start('a');
  void start('b');
  expect(start('c')).toBeNull();
  await Bun.sleep(0);
  expect(begun).toEqual(['a']);
});

test('work that fails frees its place', async () => {
  const semaphore = new Semaphore(1, 0);
  const run = semaphore.run(() => Promise.reject(new Error('broken')));
  if (!run) throw new Error('refused');
  expect((await failureOf(run)).message).toBe('broken');
  expect(await semaphore.run(async () => 'next')).toBe('next');
});
