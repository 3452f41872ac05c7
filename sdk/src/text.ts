/** Encodes and decodes bodies as text and JSON. */
import { encoder } from '../protocol/bytes.ts';

// Invalid UTF-8 becomes U+FFFD, the same in every engine.
const decoder = new TextDecoder();

export function encodeText(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text);
}

export function decodeText(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** Returns undefined if the body is not JSON. */
export function decodeJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(decodeText(body));
  } catch {
    return undefined;
  }
}
