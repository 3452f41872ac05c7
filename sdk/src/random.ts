/**
 * Random numbers that are the same on every machine: one generator per room seed and record seq.
 *
 * The generator is mulberry32 (Tommy Ettinger, public domain). Its initial state is mixed with the 32-bit
 * finaliser of MurmurHash3 (Austin Appleby, public domain). Both use only integer arithmetic, which
 * gives the same result in every engine.
 */
export function randomFor(seed: number, seq: number): () => number {
  let state = mix(seed ^ mix(seq));
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

function mix(value: number): number {
  let hash = value | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
