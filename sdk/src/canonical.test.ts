/** Tests of canonical JSON and the state hash. */
import { expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { canonicalJson, fnv1a, stateHash } from './canonical.ts';

test('FNV-1a returns the published values', () => {
  expect(fnv1a('')).toBe('811c9dc5');
  expect(fnv1a('a')).toBe('e40c292c');
  expect(fnv1a('foobar')).toBe('bf9cf968');
});

test('the order of keys does not change the hash, the order of a list does', () => {
  expect(stateHash({ b: [1, 2], a: { d: 1, c: null } })).toBe(stateHash({ a: { c: null, d: 1 }, b: [1, 2] }));
  expect(canonicalJson({ b: [1, 2], a: { d: 1, c: 'ä' } })).toBe('{"a":{"c":"ä","d":1},"b":[1,2]}');
  expect(stateHash([1, 2])).not.toBe(stateHash([2, 1]));
});

test('canonical JSON parses to the same value as JSON', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const plain: unknown = JSON.parse(JSON.stringify(value));
      expect(JSON.parse(canonicalJson(value))).toEqual(plain);
    }),
  );
});
