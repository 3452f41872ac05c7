import { expect, test } from 'bun:test';
import { isLoopback } from './loopback.ts';

test.each([
  ['127.0.0.1', true],
  ['127.8.8.8', true],
  ['::1', true],
  ['::ffff:127.0.0.1', true],
  ['192.0.2.1', false],
  ['192.0.2.127', false],
  ['2001:db8::1', false],
  ['::ffff:192.0.2.1', false],
  ['unknown', false],
])('%s is an address of this machine: %p', (address, expected) => {
  expect(isLoopback(address)).toBe(expected);
});
