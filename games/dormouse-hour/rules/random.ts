/** Random numbers from the game's seed, by integer arithmetic only: the same on every machine. */

/** Returns an integer from 0 to limit - 1. */
export type NextInt = (limit: number) => number;

/** The mulberry32 generator. */
export function seededRandom(seed: number): NextInt {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

/** The integers 0 to count - 1 in random order (Fisher–Yates). */
export function shuffled(nextInt: NextInt, count: number): number[] {
  const order = Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last--) {
    const other = nextInt(last + 1);
    const kept = order[last] ?? 0;
    order[last] = order[other] ?? 0;
    order[other] = kept;
  }
  return order;
}
