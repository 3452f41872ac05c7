/** WebSocket frames of a client, and their bytes in pieces. */
import { expect, test } from 'bun:test';
import { FrameReader, maskedFrame, Opcode } from './websocket-frames.ts';

function serverFrame(payload: Uint8Array): Uint8Array {
  const head =
    payload.length < 126 ? [0x82, payload.length] : [0x82, 126, payload.length >> 8, payload.length & 255];
  return Uint8Array.from([...head, ...payload]);
}

test.each([0, 1, 125, 126, 300])(
  'a frame of %p bytes is masked and can be read by a server',
  async (length) => {
    const payload = Uint8Array.from({ length }, (_, at) => at & 255);
    const frame = maskedFrame(Opcode.binary, payload, 0x01020304);
    const head = length < 126 ? 2 : 4;
    expect(frame[1]! & 0x80).toBe(0x80);
    const key = frame.subarray(head, head + 4);
    const body = frame.subarray(head + 4).map((byte, at) => byte ^ key[at % 4]!);
    expect([...body]).toEqual([...payload]);
  },
);

test('frames are found however their bytes are split', () => {
  const payloads = [new Uint8Array(), Uint8Array.of(1, 2), new Uint8Array(200).fill(7)];
  const bytes = Buffer.concat(payloads.map(serverFrame));
  for (let piece = 1; piece <= bytes.length; piece++) {
    const reader = new FrameReader();
    const seen: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += piece) {
      const isValid = reader.push(bytes.subarray(at, at + piece), (opcode, payload) => {
        expect(opcode).toBe(Opcode.binary);
        seen.push(payload.slice());
        return true;
      });
      expect(isValid).toBe(true);
    }
    expect(seen).toEqual(payloads);
  }
});

test.each([
  ['a fragment', [0x02, 1, 0]],
  ['a masked frame', [0x82, 0x81, 0, 0, 0, 0, 0]],
  ['a frame that is too long', [0x82, 127, 0, 0, 0, 0, 0x10, 0, 0, 0]],
])('%s is refused', (_, bytes) => {
  expect(new FrameReader().push(Uint8Array.from(bytes), () => true)).toBe(false);
});
