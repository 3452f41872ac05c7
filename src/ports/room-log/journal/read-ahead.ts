/**
 * Reads a file from its beginning to its end in large blocks, some of them ahead of what is asked
 * for, so that the disk works while the bytes that came are being looked at.
 */
import type { DiskReader } from './disk.ts';

const BLOCK_BYTES = 1024 * 1024;
/** Blocks of one file that are under way or wait. */
const BLOCKS_AHEAD = 2;

export class ReadAhead {
  /** Of the file when it was opened. */
  readonly size: number;
  readonly #file: DiskReader;
  readonly #blocks: Promise<Uint8Array>[] = [];
  /** Where the next block begins that is asked of the disk. */
  #nextAt: number;
  #start: number;
  #bytes: Uint8Array = new Uint8Array(0);

  private constructor(file: DiskReader, size: number, from: number) {
    this.#file = file;
    this.size = size;
    this.#nextAt = from;
    this.#start = from;
    this.#ask();
  }

  /** `from`: nothing before it will be asked for. */
  static async of(file: DiskReader, from = 0): Promise<ReadAhead> {
    return new ReadAhead(file, await file.size(), from);
  }

  /**
   * The bytes from `at` on: `length` of them, fewer where the file ends. Never before a place asked
   * for earlier. The bytes are valid until the next call.
   */
  view(at: number, length: number): Uint8Array | Promise<Uint8Array> {
    const from = at - this.#start;
    if (at + length <= this.#start + this.#bytes.length) return this.#bytes.subarray(from, from + length);
    return this.#advance(at, length);
  }

  async #advance(at: number, length: number): Promise<Uint8Array> {
    const wanted = Math.min(at + length, this.size);
    while (this.#start + this.#bytes.length < wanted) {
      const block = await this.#blocks.shift();
      this.#ask();
      // A file that has become shorter ends where it ends now.
      if (!block || block.length === 0) break;
      const end = this.#start + this.#bytes.length;
      this.#bytes = at < end ? joined(this.#bytes.subarray(at - this.#start), block) : block;
      this.#start = Math.min(at, end);
    }
    const from = at - this.#start;
    return this.#bytes.subarray(from, Math.max(from, wanted - this.#start));
  }

  #ask(): void {
    while (this.#blocks.length < BLOCKS_AHEAD && this.#nextAt < this.size) {
      const block = this.#file.read(this.#nextAt, Math.min(BLOCK_BYTES, this.size - this.#nextAt));
      // Whoever stops reading does not wait for it.
      block.catch(() => {});
      this.#blocks.push(block);
      this.#nextAt += BLOCK_BYTES;
    }
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = Buffer.allocUnsafeSlow(first.length + second.length);
  both.set(first, 0);
  both.set(second, first.length);
  return both;
}
