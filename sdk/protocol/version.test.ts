/**
 * Guards the protocol's version. If this test fails because a frame changed: raise PROTOCOL_VERSION,
 * serve the version before it by a version adapter (src/services/game/socket/version-adapter.ts), document
 * the change in docs/protocol.md, freeze the new byte sequences (sdk/protocol/frozen), and then put the
 * new hash here.
 */
import { expect, test } from 'bun:test';
import { DOWN } from './down.ts';
import { RECORD_VERSION } from './record.ts';
import { SEND } from './send.ts';
import { UP } from './up.ts';
import { PROTOCOL_VERSION, schema } from './version.ts';

const HASHES: { readonly [version: number]: string } = {
  1: 'f2d979e5abd56c09471d580a1562efea3a6124821dc5d4e1426d9051681ebab0',
};

test('P63 the schema has the hash of this version', () => {
  const hash = new Bun.CryptoHasher('sha256').update(schema()).digest('hex');
  expect(hash, schema()).toBe(HASHES[PROTOCOL_VERSION]!);
});

test('P7 type bytes are unique: 0x20 to 0x3f up, 0x40 to 0x5f down', () => {
  const up = [...UP.map(({ type }) => type), SEND];
  const down = DOWN.map(({ type }) => type);
  expect(new Set([RECORD_VERSION, ...up, ...down]).size).toBe(1 + up.length + down.length);
  for (const type of up) expect(type >= 0x20 && type < 0x40).toBe(true);
  for (const type of down) expect(type >= 0x40 && type < 0x60).toBe(true);
});

test('P63 a change of any field changes the schema', () => {
  for (const word of ['hello', 'welcome', 'lastSeq:varint', 'credential:text', 'clients:[id:id]', 'send(']) {
    expect(schema()).toContain(word);
  }
});
