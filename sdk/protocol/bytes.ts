/**
 * Bytes on the wire: unsigned LEB128 varints and length-prefixed values.
 *
 * Varints carry integers from 0 to 2^53 - 1 in at most 8 bytes. A reader never throws on hostile
 * input: it turns bad and stays bad, and the caller looks at `bad` once, at the end.
 */

const text = new TextEncoder();
// ignoreBOM keeps a leading U+FEFF, so that a text comes back exactly as it was sent.
const strictText = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The most bytes a varint of this protocol may take (7 bits each, 53 bits in all). */
export const VARINT_BYTES_MAX = 8;

/** How many bytes `value` takes as a varint. */
export function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) length++;
  return length;
}

/** Writes `value` at `at` and returns the offset behind it. The caller made sure that it fits. */
export function writeVarint(out: Uint8Array, at: number, value: number): number {
  let rest = value;
  let position = at;
  // Bit operations are 32-bit in JavaScript; larger numbers take the division path.
  while (rest > 0x7fff_ffff) {
    out[position++] = (rest % 128) | 128;
    rest = Math.floor(rest / 128);
  }
  while (rest > 127) {
    out[position++] = (rest & 127) | 128;
    rest >>>= 7;
  }
  out[position++] = rest;
  return position;
}

/** Reads values one after another out of `bytes`. */
export class Reader {
  /** True once something did not fit; every later read answers 0 or empty. */
  bad = false;
  at: number;
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  get atEnd(): boolean {
    return this.at >= this.bytes.length;
  }

  byte(): number {
    const value = this.bytes[this.at];
    if (value === undefined) return this.fail();
    this.at++;
    return value;
  }

  varint(): number {
    let value = 0;
    let factor = 1;
    for (let read = 0; read < VARINT_BYTES_MAX; read++) {
      const byte = this.bytes[this.at];
      if (byte === undefined) return this.fail();
      this.at++;
      value += (byte & 127) * factor;
      if (byte < 128) return value > Number.MAX_SAFE_INTEGER ? this.fail() : value;
      factor *= 128;
    }
    return this.fail();
  }

  /** A view of the next `length` bytes, not a copy. */
  take(length: number): Uint8Array {
    const end = this.at + length;
    if (this.bad || end > this.bytes.length) {
      this.fail();
      return this.bytes.subarray(0, 0);
    }
    const view = this.bytes.subarray(this.at, end);
    this.at = end;
    return view;
  }

  text(): string {
    const view = this.take(this.varint());
    try {
      return strictText.decode(view);
    } catch {
      this.fail();
      return '';
    }
  }

  private fail(): number {
    this.bad = true;
    this.at = this.bytes.length;
    return 0;
  }
}

/** Collects values into one growing buffer; for frames that are not on the way of a move. */
export class Writer {
  private buffer = new Uint8Array(128);
  private length = 0;

  byte(value: number): this {
    this.reserve(1);
    this.buffer[this.length++] = value;
    return this;
  }

  varint(value: number): this {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${value} is no varint`);
    this.reserve(VARINT_BYTES_MAX);
    this.length = writeVarint(this.buffer, this.length, value);
    return this;
  }

  raw(bytes: Uint8Array): this {
    this.reserve(bytes.length);
    this.buffer.set(bytes, this.length);
    this.length += bytes.length;
    return this;
  }

  bytes(bytes: Uint8Array): this {
    return this.varint(bytes.length).raw(bytes);
  }

  text(value: string): this {
    return this.bytes(text.encode(value));
  }

  /** What was written, in a buffer of its own. */
  done(): Uint8Array<ArrayBuffer> {
    return this.buffer.slice(0, this.length);
  }

  private reserve(more: number): void {
    if (this.length + more <= this.buffer.length) return;
    const larger = new Uint8Array(Math.max(this.buffer.length * 2, this.length + more));
    larger.set(this.buffer.subarray(0, this.length));
    this.buffer = larger;
  }
}
