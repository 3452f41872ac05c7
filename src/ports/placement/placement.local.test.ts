/** Placement within one process. */
import { expect, test } from 'bun:test';
import { placementContract } from './placement.contract.ts';
import { localPlacement } from './placement.local.ts';

placementContract('local', localPlacement);

test('pages and sockets have one origin', () => {
  const placement = localPlacement('h1', 'boot');
  const room = 'a'.repeat(20);
  expect(placement.socketAddress('h1', room)).toBe(`/h/h1/r/${room}/ws`);
  expect(placement.socketOrigins()).toEqual([]);
});
