/** A histogram of latencies with logarithmic buckets: 4 KB, no allocation for a value. */

/** A bucket is 2.2 % wide. */
const PER_OCTAVE = 32;
/** From a microsecond to beyond an hour. */
const OCTAVES = 32;
const US_PER_MS = 1_000;

export class Latencies {
  count = 0;
  /** ms */
  max = 0;
  private readonly buckets = new Uint32Array(PER_OCTAVE * OCTAVES);

  add(ms: number): void {
    this.count++;
    if (ms > this.max) this.max = ms;
    const at = Math.floor(Math.log2(Math.max(1, ms * US_PER_MS)) * PER_OCTAVE);
    const bucket = Math.min(this.buckets.length - 1, at);
    this.buckets[bucket] = (this.buckets[bucket] ?? 0) + 1;
  }

  /** The quantile of `share` (0 … 1), ms, rounded up to a bucket; 0 if there are no values. */
  quantile(share: number): number {
    const rank = Math.ceil(this.count * share);
    let seen = 0;
    for (const [bucket, count] of this.buckets.entries()) {
      seen += count;
      if (seen >= rank && seen > 0) return Math.min(this.max, upperMs(bucket));
    }
    return this.max;
  }

  /** Counts the values between each edge and the next; the first interval starts at 0, the last has no end. */
  between(edgesMs: readonly number[]): readonly number[] {
    const counts = edgesMs.map(() => 0);
    for (const [bucket, count] of this.buckets.entries()) {
      if (count === 0) continue;
      const middle = upperMs(bucket - 0.5);
      const place = Math.max(
        0,
        edgesMs.findLastIndex((edge) => edge < middle),
      );
      counts[place] = (counts[place] ?? 0) + count;
    }
    return counts;
  }

  clear(): void {
    this.count = 0;
    this.max = 0;
    this.buckets.fill(0);
  }
}

function upperMs(bucket: number): number {
  return 2 ** ((bucket + 1) / PER_OCTAVE) / US_PER_MS;
}
