/**
 * The supported versions: frozen byte sequences of each, and pages of an older version together with current ones.
 */
import { expect, test } from 'bun:test';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Reader, Writer } from '../../../../sdk/protocol/bytes.ts';
import { DOWN } from '../../../../sdk/protocol/down.ts';
import { heartbeat } from '../../../../sdk/protocol/heartbeat.ts';
import { hello } from '../../../../sdk/protocol/hello.ts';
import { ping } from '../../../../sdk/protocol/ping.ts';
import { PROTOCOL_VERSION } from '../../../../sdk/protocol/version.ts';
import { welcome } from '../../../../sdk/protocol/welcome.ts';
import { decodeVector, encodeVector, hex, MESSAGES, readVectors } from '../../../../sdk/test/vectors.ts';
import { createGameFixture, idOf, ticket } from '../../../../test/support/in-process/game-fixture.ts';
import { type VersionAdapter, VERSION_ADAPTERS, CURRENT_VERSION } from './version-adapter.ts';

/** SHA-256 of each frozen file without its first line. One line per released version, never changed. */
const FROZEN: { readonly [version: number]: string } = {
  1: '2ed0eb55e2d7428681f6dd12f2de2e738236872b14f6f4b0a4c3e1a1a6d64eb0',
};
const DOWN_NAMES: ReadonlySet<string> = new Set(DOWN.map(({ name }) => name));

const frozenFile = (version: number) =>
  join(import.meta.dir, `../../../../sdk/protocol/frozen/version-${version}.txt`);
const frozen = (version: number) =>
  readVectors(readFileSync(frozenFile(version), 'utf8').trimEnd().split('\n\n').slice(1));

test('P63 this version and the one before it are supported, and each has its frozen byte sequences', () => {
  const expected = [PROTOCOL_VERSION - 1, PROTOCOL_VERSION].filter((version) => version >= 1);
  expect([...VERSION_ADAPTERS.keys()].sort((a, b) => a - b)).toEqual(expected);
  expect(VERSION_ADAPTERS.get(PROTOCOL_VERSION)).toBe(CURRENT_VERSION);
  for (const version of expected) expect(existsSync(frozenFile(version))).toBe(true);
});

for (const [version, hash] of Object.entries(FROZEN)) {
  test(`P63 the frozen byte sequences of version ${version} are as they were released`, () => {
    const file = readFileSync(frozenFile(Number(version)), 'utf8');
    const sequences = file.slice(file.indexOf('\n') + 1);
    expect(new Bun.CryptoHasher('sha256').update(sequences).digest('hex')).toBe(hash);
  });
}

test('P63 the current version has frozen byte sequences of every frame', () => {
  expect(FROZEN[PROTOCOL_VERSION]).toBeDefined();
  const names = new Set(frozen(PROTOCOL_VERSION).map(({ name }) => name));
  for (const name of [...MESSAGES.keys(), 'send', 'record']) expect(names).toContain(name);
});

for (const [version, adapter] of VERSION_ADAPTERS) {
  for (const [index, vector] of frozen(version).entries()) {
    const { name, value, frame } = vector;
    const isRecord = name.startsWith('record');
    if (DOWN_NAMES.has(name) || name === 'record') {
      test(`P63 ${name} (${index}) is sent to version ${version} in its own bytes`, () => {
        expect(hex(adapter.down(encodeVector(vector))!)).toBe(hex(frame));
      });
    }
    if (!DOWN_NAMES.has(name)) {
      test(`P63 ${name} (${index}) of version ${version} is decoded`, () => {
        const current = isRecord ? frame : adapter.up(frame);
        expect(decodeVector(name, current!)).toMatchObject(value);
      });
    }
  }
}

/**
 * An invented version 0: its hello has one client only, its ping no token, its welcome two fields, and there
 * is no presence.
 */
const OLD: VersionAdapter = {
  up(frame) {
    const reader = new Reader(frame);
    const type = reader.byte();
    if (type === ping.type) return reader.atEnd ? ping.encode({ token: 1 }) : null;
    if (type !== hello.type) return frame;
    const version = reader.varint();
    const credential = reader.text();
    const id = reader.id();
    const current = { version, credential, clients: [{ id }], epoch: 0, seq: 0 };
    return reader.failed ? null : hello.encode(current);
  },
  down(frame) {
    if (frame[0] === welcome.type) {
      const { version, seat } = welcome.decode(frame)!;
      return new Writer().byte(welcome.type).varint(version).varint(seat).done();
    }
    if (frame[0] === heartbeat.type) return Uint8Array.of(heartbeat.type);
    return frame[0] === 0x45 ? null : frame;
  },
};
const BOTH = new Map([...VERSION_ADAPTERS, [0, OLD]]);

test('P15 P63 a hello of the older version gets its welcome, and every frame after it, in that version', async () => {
  const fixture = await createGameFixture({}, { versionAdapters: BOTH });
  const old = fixture.open();
  const credential = ticket(fixture.world, { seat: 2 });
  old.peer.sendFromPage(new Writer().byte(hello.type).varint(0).text(credential).raw(idOf(2)).done());
  // Right after the hello, before the room is loaded.
  old.peer.sendFromPage(Uint8Array.of(ping.type));
  await fixture.commit();
  const anna = await fixture.join({ seat: 1 });
  anna.send(1);
  old.send(1, 'from the past');
  await fixture.world.advance(300);
  expect(hex(old.peer.sent[0]!)).toBe(hex(Uint8Array.of(welcome.type, 0, 2)));
  const types = new Set(old.peer.sent.map((frame) => frame[0]));
  expect(types.has(0x45)).toBe(false);
  expect(old.peer.sent.filter((frame) => frame[0] === heartbeat.type).map(hex)).toEqual(['43']);
  // The order is the same for both, and the records are the same object.
  expect(anna.moves()).toEqual(['m1', 'from the past']);
  expect(old.peer.sent.at(-1)).toBe(anna.peer.sent.findLast((frame) => frame[0] === 1));
  expect(anna.peer.last('welcome').version).toBe(PROTOCOL_VERSION);
});

test('P4 P63 a frame that is malformed in its own version closes with 4400', async () => {
  const fixture = await createGameFixture({}, { versionAdapters: BOTH });
  const old = fixture.open();
  const credential = ticket(fixture.world, { seat: 2 });
  old.peer.sendFromPage(new Writer().byte(hello.type).varint(0).text(credential).raw(idOf(2)).done());
  await fixture.commit();
  old.peer.sendFromPage(ping.encode({ token: 7 }));
  expect(old.closedWith).toBe(4400);
});

test('P54 P63 a page of the older version has the same output limit', async () => {
  const fixture = await createGameFixture({ outputBytesSoft: 500 }, { versionAdapters: BOTH });
  const old = fixture.open();
  const credential = ticket(fixture.world, { seat: 2 });
  old.peer.sendFromPage(new Writer().byte(hello.type).varint(0).text(credential).raw(idOf(2)).done());
  await fixture.commit();
  const anna = await fixture.join({ seat: 1 });
  old.peer.isStuck = true;
  anna.send(1, 'x'.repeat(900));
  await fixture.world.advance(5_200);
  expect([old.closedWith, anna.closedWith]).toEqual([4001, null]);
});
