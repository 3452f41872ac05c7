/**
 * Names of rooms as they stand in the log's bytes, made into strings once each: a start reads
 * millions of entries of some thousand rooms, and strings that are the same object are found fast.
 */
const SLOTS_FIRST = 1_024;
const TEXT_BYTES_FIRST = 16 * 1024;
const HASHED_BYTES = 10;

export class RoomNames {
  readonly #names: string[] = [];
  /** Of each name: where its bytes stand in `#text`. */
  readonly #starts: number[] = [];
  readonly #hashes: number[] = [];
  #text = new Uint8Array(TEXT_BYTES_FIRST);
  #textEnd = 0;
  /** Hash → index of the name + 1; 0 = free. The length is a power of two. */
  #slots = new Int32Array(SLOTS_FIRST);

  /** The name that stands at `start`; `length` is at most 255. */
  at(bytes: Uint8Array, start: number, length: number): string {
    const hash = hashOf(bytes, start, length);
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const index = this.#slots[slot]! - 1;
      if (index < 0) return this.#add(slot, hash, bytes, start, length);
      if (this.#hashes[index] === hash && this.#isAt(index, bytes, start, length)) return this.#names[index]!;
    }
  }

  #isAt(index: number, bytes: Uint8Array, start: number, length: number): boolean {
    const text = this.#text;
    const from = this.#starts[index]!;
    if (this.#names[index]!.length !== length) return false;
    for (let at = 0; at < length; at++) if (text[from + at] !== bytes[start + at]) return false;
    return true;
  }

  #add(slot: number, hash: number, bytes: Uint8Array, start: number, length: number): string {
    const end = this.#textEnd + length;
    if (end > this.#text.length) {
      const larger = new Uint8Array(2 * end);
      larger.set(this.#text);
      this.#text = larger;
    }
    let name = '';
    for (let at = 0; at < length; at++) {
      const byte = bytes[start + at]!;
      this.#text[this.#textEnd + at] = byte;
      name += String.fromCharCode(byte);
    }
    this.#starts.push(this.#textEnd);
    this.#hashes.push(hash);
    this.#textEnd = end;
    this.#slots[slot] = this.#names.push(name);
    if (this.#names.length * 2 > this.#slots.length) this.#grow();
    return name;
  }

  #grow(): void {
    const slots = new Int32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (const [index, hash] of this.#hashes.entries()) {
      let slot = hash & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = index + 1;
    }
    this.#slots = slots;
  }
}

/** FNV-1a over some of the bytes: ids are random, and whatever has the same hash is compared. */
function hashOf(bytes: Uint8Array, start: number, length: number): number {
  let hash = 0x811c9dc5 ^ length;
  const end = start + length;
  for (let at = Math.max(start, end - HASHED_BYTES); at < end; at++) {
    hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
  }
  return hash ^ (hash >>> 15);
}
