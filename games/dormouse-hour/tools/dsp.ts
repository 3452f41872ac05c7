/** A small workshop for sounds: plain arithmetic on samples, the same bytes on every run. */

export const RATE = 32_000;
export type Samples = Float32Array<ArrayBuffer>;

export function silence(seconds: number): Samples {
  return new Float32Array(Math.round(seconds * RATE));
}

/** Adds `source` to `target` from second `at` on. With `wrap`, what hangs over the end begins anew. */
export function mix(target: Samples, source: Samples, at = 0, gain = 1, wrap = false): Samples {
  const start = Math.round(at * RATE);
  for (let index = 0; index < source.length; index++) {
    const place = wrap ? (start + index) % target.length : start + index;
    if (place >= target.length) break;
    target[place] = (target[place] ?? 0) + (source[index] ?? 0) * gain;
  }
  return target;
}

export interface Partial {
  /** Multiple of the tone's frequency. */
  readonly ratio: number;
  readonly gain: number;
  /** Seconds until it has faded to about a third. */
  readonly decay: number;
}

/** Struck metal, glass or wood: partials that fade each at its own pace. */
export function struck(frequency: number, seconds: number, partials: readonly Partial[]): Samples {
  const out = silence(seconds);
  for (const { ratio, gain, decay } of partials) {
    const turn = (2 * Math.PI * frequency * ratio) / RATE;
    if (turn > Math.PI * 0.95) continue;
    for (let index = 0; index < out.length; index++) {
      const fade = Math.exp(-index / RATE / decay);
      out[index] = (out[index] ?? 0) + Math.sin(turn * index) * gain * fade;
    }
  }
  return eased(out, 0.001, 0.02);
}

/** A tone whose pitch and loudness follow functions of the time in seconds. */
export function swept(
  seconds: number,
  frequency: (time: number) => number,
  loudness: (time: number) => number,
): Samples {
  const out = silence(seconds);
  let phase = 0;
  for (let index = 0; index < out.length; index++) {
    const time = index / RATE;
    phase += (2 * Math.PI * frequency(time)) / RATE;
    out[index] = Math.sin(phase) * loudness(time);
  }
  return eased(out, 0.002, 0.01);
}

/** Noise through a band around `centre` (Hz); a small `width` rings, a large one hisses. */
export function noise(
  seconds: number,
  centre: number,
  width: number,
  loudness: (time: number) => number,
): Samples {
  const out = silence(seconds);
  const turn = (2 * Math.PI * centre) / RATE;
  const radius = Math.exp((-Math.PI * width) / RATE);
  const feedback = 2 * radius * Math.cos(turn);
  let [last, beforeLast] = [0, 0];
  let seed = 0x2545f491;
  for (let index = 0; index < out.length; index++) {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    const white = seed / 0x8000_0000 - 1;
    const now = white * (1 - radius) + feedback * last - radius * radius * beforeLast;
    [beforeLast, last] = [last, now];
    out[index] = now * 2 * loudness(index / RATE);
  }
  return eased(out, 0.001, 0.01);
}

/** Takes the click off the beginning and the end. */
export function eased(samples: Samples, into: number, out: number): Samples {
  const first = Math.max(1, Math.round(into * RATE));
  const last = Math.max(1, Math.round(out * RATE));
  for (let index = 0; index < samples.length; index++) {
    const fade = Math.min(1, index / first, (samples.length - 1 - index) / last);
    samples[index] = (samples[index] ?? 0) * fade;
  }
  return samples;
}

/** A room around a sound: four combs and two all-passes. With `wrap` the echo of the end falls on the beginning. */
export function inRoom(dry: Samples, amount: number, length: number, wrap = false): Samples {
  const passes = wrap ? 2 : 1;
  let wet: Samples = new Float32Array(dry.length);
  for (const delay of [1_187, 1_361, 1_493, 1_657]) {
    const gain = Math.exp((-3 * delay) / RATE / length);
    const line = new Float32Array(delay);
    let dull = 0;
    for (let index = 0; index < dry.length * passes; index++) {
      const place = index % dry.length;
      const heard = line[index % delay] ?? 0;
      dull += (heard - dull) * 0.55;
      line[index % delay] = (dry[place] ?? 0) + dull * gain;
      if (index >= dry.length * (passes - 1)) wet[place] = (wet[place] ?? 0) + heard * 0.25;
    }
  }
  for (const delay of [241, 83]) wet = smeared(wet, delay, passes);
  return wet.map((value, index) => value * amount + (dry[index] ?? 0));
}

function smeared(samples: Samples, delay: number, passes: number): Samples {
  const out = new Float32Array(samples.length);
  const line = new Float32Array(delay);
  for (let index = 0; index < samples.length * passes; index++) {
    const place = index % samples.length;
    const heard = line[index % delay] ?? 0;
    const fed = (samples[place] ?? 0) + heard * 0.6;
    line[index % delay] = fed;
    out[place] = heard - fed * 0.6;
  }
  return out;
}

/** Scaled so that the loudest sample is `peak`. */
export function levelled(samples: Samples, peak: number): Samples {
  const loudest = samples.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-9);
  return samples.map((value) => (value * peak) / loudest);
}
