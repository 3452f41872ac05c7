/** Chance and small secrets of a game, made of its seed with integer arithmetic only. */

/** Answers a whole number from 0 to below - 1. */
export type Dice = (below: number) => number;

/** The mulberry32 generator: the same numbers from the same seed on every machine. */
export function dice(seed: number): Dice {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** The numbers 0 to count - 1 in an order that the dice choose. */
export function shuffled(roll: Dice, count: number): number[] {
  const order = Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last--) {
    const other = roll(last + 1);
    const kept = order[last] ?? 0;
    order[last] = order[other] ?? 0;
    order[other] = kept;
  }
  return order;
}

/** FNV-1a over small numbers: what a lock remembers of its solution. */
export function lockHash(salt: number, numbers: readonly number[]): number {
  let hash = (0x811c9dc5 ^ salt) >>> 0;
  for (const value of numbers) hash = Math.imul(hash ^ (value + 1), 0x01000193) >>> 0;
  return hash;
}
