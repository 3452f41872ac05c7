/** The numbers in docs/protocol.md are those of the program: authors of other clients rely on them. */
import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CLIENTS_MAX } from '../../../sdk/protocol/hello.ts';
import {
  DOWN_FRAME_BYTES_MAX,
  FRAME_BYTES_HARD,
  FRAME_BYTES_MAX,
  SILENT_MS,
} from '../../../sdk/protocol/limits.ts';
import { SIGNAL_BYTES_MAX } from '../../../sdk/protocol/signal.ts';
import { PASS_MS } from '../../domain/pass.ts';
import { BATCH_BYTES_MAX } from './room/append-batch.ts';
import { REOPEN_ALL_SECONDS } from './socket/admission-control.ts';
import { HEARTBEAT_MS } from './room/heartbeat.ts';
import { gameLimits } from './limits.ts';
import { RESPONSE_MS_MAX } from './loading/timeout.ts';
import { PRESENCE_MS } from './room/presence.ts';
import { SIGNAL_TICK_MS } from './room/signals.ts';

const DOCUMENT = readFileSync(join(import.meta.dir, '../../../docs/protocol.md'), 'utf8');

/**
 * The numbers in the text of one rule, in order, with KB and MB; without rule numbers, close codes and
 * reasons.
 */
function numbersIn(rule: string): readonly string[] {
  const [, text = ''] = new RegExp(`^\\*\\*${rule}\\*\\*(.*?)(?=^\\*\\*P|^#)`, 'ms').exec(DOCUMENT) ?? [];
  const plain = text.replaceAll(/\bP\d+|\b(4\d{3}|1009|503)\b|\breason \d( or \d)?|IPv6|`.*?`/g, '');
  return [...plain.replaceAll(/\s+/g, ' ').matchAll(/\d+(,\d{3})*( [KM]B)?/g)].map(([number]) => number);
}

const bytes = (count: number): string =>
  count >= 1024 * 1024 ? `${count / 1024 / 1024} MB` : `${count / 1024} KB`;
const seconds = (ms: number): number => ms / 1_000;

const limits = gameLimits(undefined);

/** Rule → its numbers in the program, in the order of the text. */
const NUMBERS: { readonly [rule: string]: readonly (string | number)[] } = {
  P8: [seconds(limits.helloMs)],
  P13: [limits.framesBeforeRoomMax, bytes(limits.bytesBeforeRoomMax)],
  P14: [seconds(RESPONSE_MS_MAX)],
  P17: [PASS_MS / 3_600_000],
  P43: [SIGNAL_BYTES_MAX],
  P44: [SIGNAL_TICK_MS],
  P46: [PRESENCE_MS],
  P49: [
    seconds(SILENT_MS - HEARTBEAT_MS),
    seconds(SILENT_MS),
    seconds(SILENT_MS),
    seconds(SILENT_MS + HEARTBEAT_MS),
  ],
  P51: [FRAME_BYTES_MAX, FRAME_BYTES_HARD + 1],
  P52: [],
  P53: [
    seconds(limits.pauseMsMax),
    limits.controlRate,
    limits.controlBurst,
    limits.controlFramesBeforeRoomMax,
    limits.roomRate,
    limits.roomBurst,
    seconds(limits.pauseMsMax),
  ],
  P54: [bytes(limits.outputBytesSoft), seconds(limits.outputGraceMs), bytes(limits.outputBytesHard)],
  P55: [
    limits.roomEntriesMax,
    bytes(limits.roomBytesMax),
    limits.roomClientsMax,
    limits.socketsPerRoomMax,
    limits.socketsPerSeatMax,
    limits.socketsPerAddressMax,
    // Bits of an IPv6 address.
    64,
    limits.socketsWaitingMax,
    limits.socketsPerAddressMax,
    limits.socketsPerAddressMax / REOPEN_ALL_SECONDS,
    limits.upgradeBurst,
    limits.upgradeRate,
  ],
  P56: [bytes(DOWN_FRAME_BYTES_MAX)],
  P57: [bytes(BATCH_BYTES_MAX)],
};

for (const [rule, program] of Object.entries(NUMBERS)) {
  test(`${rule} the document states the numbers of the program`, () => {
    const written = program.map((number) =>
      typeof number === 'string' ? number : number.toLocaleString('en'),
    );
    expect(numbersIn(rule)).toEqual(written);
  });
}

test('P11 the document states how many clients a hello may name', () => {
  expect(DOCUMENT).toContain('names one to eight different client ids');
  expect(CLIENTS_MAX).toBe(8);
});
