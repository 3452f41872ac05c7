/** Latencies in buckets of 0.05 ms up to one second, and one bucket for all above. Adding allocates nothing. */
export class Histogram {
  count = 0;
  max = 0;
  private readonly buckets = new Uint32Array(BUCKETS + 1);

  add(ms: number): void {
    this.count++;
    if (ms > this.max) this.max = ms;
    const bucket = Math.min(BUCKETS, Math.max(0, Math.floor(ms / WIDTH_MS)));
    this.buckets[bucket] = (this.buckets[bucket] as number) + 1;
  }

  /** The upper edge of the bucket that holds the quantile, ms; above one second the maximum. */
  quantile(share: number): number {
    const wanted = Math.ceil(this.count * share);
    let seen = 0;
    for (let bucket = 0; bucket <= BUCKETS; bucket++) {
      seen += this.buckets[bucket] as number;
      if (seen >= wanted) return bucket === BUCKETS ? this.max : (bucket + 1) * WIDTH_MS;
    }
    return this.max;
  }
}

const WIDTH_MS = 0.05;
const BUCKETS = 20_000;
