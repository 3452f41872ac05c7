/**
 * Interns room names: each name is decoded into a string once. Recovery reads millions of entries of some thousand
 * rooms, and map look-ups are faster when the string is the same object.
 */
const INITIAL_TABLE_SIZE = 1_024;
const INITIAL_TEXT_BYTES = 16 * 1024;
const HASHED_BYTES = 10;

export class RoomNames {
  private readonly names: string[] = [];
  /** Offset of each name's bytes in `text`. */
  private readonly starts: number[] = [];
  private readonly hashes: number[] = [];
  private text = new Uint8Array(INITIAL_TEXT_BYTES);
  private textEnd = 0;
  /** Open-addressing hash table: index of the name + 1; 0 = free. The length is a power of two. */
  private table = new Int32Array(INITIAL_TABLE_SIZE);

  /** The name at `start`; `length` is at most 255. */
  at(bytes: Uint8Array, start: number, length: number): string {
    const hash = hashOf(bytes, start, length);
    const mask = this.table.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const index = this.table[slot]! - 1;
      if (index < 0) return this.add(slot, hash, bytes, start, length);
      if (this.hashes[index] === hash && this.matches(index, bytes, start, length)) return this.names[index]!;
    }
  }

  private matches(index: number, bytes: Uint8Array, start: number, length: number): boolean {
    const text = this.text;
    const from = this.starts[index]!;
    if (this.names[index]!.length !== length) return false;
    for (let at = 0; at < length; at++) if (text[from + at] !== bytes[start + at]) return false;
    return true;
  }

  private add(slot: number, hash: number, bytes: Uint8Array, start: number, length: number): string {
    const end = this.textEnd + length;
    if (end > this.text.length) {
      const larger = new Uint8Array(2 * end);
      larger.set(this.text);
      this.text = larger;
    }
    let name = '';
    for (let at = 0; at < length; at++) {
      const byte = bytes[start + at]!;
      this.text[this.textEnd + at] = byte;
      name += String.fromCharCode(byte);
    }
    this.starts.push(this.textEnd);
    this.hashes.push(hash);
    this.textEnd = end;
    this.table[slot] = this.names.push(name);
    if (this.names.length * 2 > this.table.length) this.grow();
    return name;
  }

  private grow(): void {
    const slots = new Int32Array(this.table.length * 2);
    const mask = slots.length - 1;
    for (const [index, hash] of this.hashes.entries()) {
      let slot = hash & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = index + 1;
    }
    this.table = slots;
  }
}

/** FNV-1a over the last bytes of the name: ids are random, and names with equal hashes are compared in full. */
function hashOf(bytes: Uint8Array, start: number, length: number): number {
  let hash = 0x811c9dc5 ^ length;
  const end = start + length;
  for (let at = Math.max(start, end - HASHED_BYTES); at < end; at++) {
    hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
  }
  return hash ^ (hash >>> 15);
}
