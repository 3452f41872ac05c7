/** The order in which the parts of a process stop. */
import { expect, test } from 'bun:test';
import { stopAll } from './stop-all.ts';

test('what was started last is stopped first, once', async () => {
  const stopped: string[] = [];
  const parts = ['database', 'game', 'web'].map((name) => async (mode: string) => {
    stopped.push(`${name} ${mode}`);
  });
  await stopAll(parts, 'graceful');
  await stopAll(parts, 'immediate');
  expect(stopped).toEqual(['web graceful', 'game graceful', 'database graceful']);
});

test('a part that fails to stop does not keep the others from stopping, and its error is thrown', async () => {
  const stopped: string[] = [];
  const parts = [
    async () => void stopped.push('database'),
    () => Promise.reject(new Error('game')),
    () => Promise.reject(new Error('web')),
  ];
  const error = await stopAll(parts, 'graceful').catch((thrown: unknown) => thrown);
  expect(stopped).toEqual(['database']);
  expect(error).toEqual(new Error('web'));
});
