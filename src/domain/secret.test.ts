/** Link secrets: long, found by hash, decrypted only with the right key for the right owner. */
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { realWorld } from '../lib/world.real.ts';
import { hashSecret, newSecret, orderSecret, sameSecret, seal, SECRET, unseal } from './secret.ts';

const { random } = realWorld;
const key = random.bytes(32);

test('a secret has 192 bits in 32 URL-safe characters, and no two are equal', () => {
  const secrets = Array.from({ length: 200 }, () => newSecret(random));
  for (const secret of secrets) expect(secret).toMatch(SECRET);
  expect(new Set(secrets).size).toBe(200);
});

test('the hash is SHA-256 in hex', () => {
  expect(hashSecret('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});

test('unseal reverses seal, and two seals of one secret differ', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (secret, owner) => {
      const sealed = seal(secret, key, owner, random);
      expect(unseal(sealed, key, owner)).toBe(secret);
      expect(seal(secret, key, owner, random)).not.toBe(sealed);
      if (secret.length > 3) expect(sealed).not.toContain(secret);
    }),
  );
});

test('a sealed secret cannot be decrypted with another key, for another owner, or with any byte changed', () => {
  const sealed = seal('the secret', key, 'entitlement-1', random);
  expect(unseal(sealed, random.bytes(32), 'entitlement-1')).toBeNull();
  expect(unseal(sealed, key, 'entitlement-2')).toBeNull();
  expect(unseal('', key, 'entitlement-1')).toBeNull();
  const bytes = Buffer.from(sealed, 'base64url');
  for (let at = 0; at < bytes.length; at += 1) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(unseal(changed.toString('base64url'), key, 'entitlement-1')).toBeNull();
  }
});

test('secrets are equal only if every character is', () => {
  expect(sameSecret('key', 'key')).toBe(true);
  expect(sameSecret('ke', 'key')).toBe(false);
  expect(sameSecret('', 'key')).toBe(false);
});

test("the secret of an order's page depends on the order and on the installation's key", () => {
  expect(orderSecret('order-1', key)).toMatch(SECRET);
  expect(orderSecret('order-1', key)).toBe(orderSecret('order-1', key));
  expect(orderSecret('order-1', key)).not.toBe(orderSecret('order-2', key));
  expect(orderSecret('order-1', key)).not.toBe(orderSecret('order-1', random.bytes(32)));
});
