/**
 * Reads and writes the values of a frame: unsigned LEB128 varints and length-prefixed bytes and texts.
 *
 * A varint holds an integer from 0 to 2^53 - 1 in at most 8 bytes. A reader never throws on malformed
 * input: it sets `failed`, which stays set, and the caller checks it once, after the last read.
 */

export const encoder = new TextEncoder();
// `ignoreBOM: true` keeps a leading U+FEFF, so that a decoded text equals the encoded one.
const strictText = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Maximum length of a varint in this protocol: 53 bits, 7 per byte. */
export const VARINT_BYTES_MAX = 8;
/** Length of a client id or any other 128-bit id. */
export const ID_BYTES = 16;

const scratch = new Uint8Array(VARINT_BYTES_MAX);

/** Length of `value` as a varint, in bytes. */
export function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 128; rest /= 128) length++;
  return length;
}

/** Writes `value` at offset `at` and returns the offset after it. The caller ensures that it fits. */
export function writeVarint(out: Uint8Array, at: number, value: number): number {
  let rest = value;
  let position = at;
  while (rest > 127) {
    // A Uint8Array stores only the low eight bits.
    out[position++] = rest | 128;
    // Shifts in JavaScript are 32-bit, so larger numbers are divided.
    rest = rest > 0x7fff_ffff ? Math.floor(rest / 128) : rest >>> 7;
  }
  out[position++] = rest;
  return position;
}

/** Reads values sequentially from a byte array. */
export class Reader {
  /** Set when a value was malformed or incomplete; every later read returns 0 or an empty value. */
  failed = false;
  at: number;
  private readonly source: Uint8Array;

  constructor(source: Uint8Array, at = 0) {
    this.source = source;
    this.at = at;
  }

  get atEnd(): boolean {
    return this.at >= this.source.length;
  }

  byte(): number {
    return this.source[this.at++] ?? this.fail();
  }

  varint(): number {
    let value = 0;
    let factor = 1;
    for (let read = 0; read < VARINT_BYTES_MAX; read++) {
      const byte = this.byte();
      value += (byte & 127) * factor;
      if (byte < 128) return value > Number.MAX_SAFE_INTEGER ? this.fail() : value;
      factor *= 128;
    }
    return this.fail();
  }

  /** Returns a view of the next `length` bytes, not a copy. */
  take(length: number): Uint8Array {
    const start = this.at;
    this.at += length;
    return this.at > this.source.length ? new Uint8Array(this.fail()) : this.source.subarray(start, this.at);
  }

  bytes(): Uint8Array {
    return this.take(this.varint());
  }

  id(): Uint8Array {
    return this.take(ID_BYTES);
  }

  text(): string {
    try {
      return strictText.decode(this.bytes());
    } catch {
      this.fail();
      return '';
    }
  }

  private fail(): number {
    this.failed = true;
    this.at = this.source.length;
    return 0;
  }
}

/** Writes values into one growing buffer. It allocates, so the server's path of a move does not use it. */
export class Writer {
  private buffer = new Uint8Array(128);
  private length = 0;

  byte(value: number): this {
    return this.raw(Uint8Array.of(value));
  }

  varint(value: number): this {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${value} is no varint`);
    return this.raw(scratch.subarray(0, writeVarint(scratch, 0, value)));
  }

  raw(bytes: Uint8Array): this {
    const end = this.length + bytes.length;
    if (end > this.buffer.length) {
      const larger = new Uint8Array(end * 2);
      larger.set(this.buffer);
      this.buffer = larger;
    }
    this.buffer.set(bytes, this.length);
    this.length = end;
    return this;
  }

  bytes(bytes: Uint8Array): this {
    return this.varint(bytes.length).raw(bytes);
  }

  text(value: string): this {
    return this.bytes(encoder.encode(value));
  }

  id(id: Uint8Array): this {
    if (id.length !== ID_BYTES) throw new RangeError(`an id has ${ID_BYTES} bytes`);
    return this.raw(id);
  }

  /** Returns a copy of the bytes written so far. */
  done(): Uint8Array<ArrayBuffer> {
    return this.buffer.slice(0, this.length);
  }
}
