/** Bodies as text and JSON: one encoder and one decoder for all. */
import { encoder } from '../protocol/bytes.ts';

// Bad UTF-8 becomes U+FFFD, the same in every engine.
const decoder = new TextDecoder();

export function encodeText(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text);
}

export function decodeText(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** undefined = not JSON (which has no undefined of its own). */
export function decodeJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(decodeText(body));
  } catch {
    return undefined;
  }
}
