/** Tests of close codes: the range of a code says what a page does. */
import { expect, test } from 'bun:test';
import { Close, closeAction, type CloseCode } from './close-codes.ts';

const CODES: readonly CloseCode[] = Object.values(Close);

test('P58 the range of a code says what to do', () => {
  const expected = {
    reconnect: [4000, 4001, 4002, 4003, 4004, 4005, 4006],
    rejoin: [4200, 4201],
    stop: [4400, 4401, 4402, 4403, 4404, 4409, 4413, 4500],
  };
  for (const [verdict, codes] of Object.entries(expected)) {
    expect(CODES.map(({ code }) => code).filter((code) => closeAction(code) === verdict)).toEqual(codes);
  }
});

test('P58 P64 unknown codes, no code and protocol errors of the WebSocket layer mean: connect again', () => {
  for (const code of [1000, 1001, 1002, 1005, 1006, 1007, 1011, 1012, 3000, 3999, 4100, 4600, 4999, 0]) {
    expect(closeAction(code)).toBe('reconnect');
  }
  for (const code of [4299, 4399]) expect(closeAction(code)).toBe('rejoin');
  for (const code of [1009, 4450, 4599]) expect(closeAction(code)).toBe('stop');
});

test('P59 every reason fits into a close frame and is not empty', () => {
  for (const { reason } of CODES) {
    expect(new TextEncoder().encode(reason).length).toBeLessThanOrEqual(123);
    expect(reason.length).toBeGreaterThan(10);
  }
});

test('P58 every code is unique', () => {
  expect(new Set(CODES.map(({ code }) => code)).size).toBe(CODES.length);
});
