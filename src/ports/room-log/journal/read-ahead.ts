/** Reads a file sequentially in large blocks and prefetches the next ones while the current one is processed. */
import type { DiskReader } from './disk.ts';

const BLOCK_BYTES = 1024 * 1024;
/** Prefetched blocks per file, in progress or waiting. */
const BLOCKS_AHEAD = 2;

export class ReadAhead {
  /** File size when it was opened. */
  readonly size: number;
  private readonly file: DiskReader;
  private readonly blocks: Promise<Uint8Array>[] = [];
  /** Offset of the next block to prefetch. */
  private prefetchAt: number;
  private bufferStart: number;
  private buffer: Uint8Array = new Uint8Array(0);

  private constructor(file: DiskReader, size: number, from: number) {
    this.file = file;
    this.size = size;
    this.prefetchAt = from;
    this.bufferStart = from;
    this.prefetch();
  }

  /** Starts reading at `from`. */
  static async open(file: DiskReader, from = 0): Promise<ReadAhead> {
    return new ReadAhead(file, await file.size(), from);
  }

  /**
   * `length` bytes at offset `at`, fewer at the end of the file; not a promise if they were already read. `at` must
   * not be lower than in an earlier call. The bytes are valid until the next call.
   */
  view(at: number, length: number): Uint8Array | Promise<Uint8Array> {
    const from = at - this.bufferStart;
    if (at + length <= this.bufferStart + this.buffer.length)
      return this.buffer.subarray(from, from + length);
    return this.advance(at, length);
  }

  private async advance(at: number, length: number): Promise<Uint8Array> {
    const wanted = Math.min(at + length, this.size);
    while (this.bufferStart + this.buffer.length < wanted) {
      const block = await this.blocks.shift();
      this.prefetch();
      // The file was truncated meanwhile.
      if (!block || block.length === 0) break;
      const end = this.bufferStart + this.buffer.length;
      this.buffer = at < end ? joined(this.buffer.subarray(at - this.bufferStart), block) : block;
      this.bufferStart = Math.min(at, end);
    }
    const from = at - this.bufferStart;
    return this.buffer.subarray(from, Math.max(from, wanted - this.bufferStart));
  }

  private prefetch(): void {
    while (this.blocks.length < BLOCKS_AHEAD && this.prefetchAt < this.size) {
      const block = this.file.read(this.prefetchAt, Math.min(BLOCK_BYTES, this.size - this.prefetchAt));
      // If reading stops early, this block is never awaited.
      block.catch(() => {});
      this.blocks.push(block);
      this.prefetchAt += BLOCK_BYTES;
    }
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = Buffer.allocUnsafeSlow(first.length + second.length);
  both.set(first, 0);
  both.set(second, first.length);
  return both;
}
