/** Sound synthesis by plain arithmetic on mono samples. It is deterministic: the same samples on every run. */

/** Samples per second. */
export const RATE = 32_000;
export type Samples = Float32Array<ArrayBuffer>;

export function silence(seconds: number): Samples {
  return new Float32Array(Math.round(seconds * RATE));
}

/**
 * Adds `source` to `target` from second `at`. What exceeds the end is cut; with `wrap` it goes to the start.
 */
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
  /** Seconds until the amplitude has decayed to 1/e. */
  readonly decay: number;
}

/** A struck object (metal, glass, wood), by additive synthesis: a sum of exponentially decaying partials. */
export function strike(frequency: number, seconds: number, partials: readonly Partial[]): Samples {
  const out = silence(seconds);
  for (const { ratio, gain, decay } of partials) {
    const turn = (2 * Math.PI * frequency * ratio) / RATE;
    if (turn > Math.PI * 0.95) continue;
    for (let index = 0; index < out.length; index++) {
      const fade = Math.exp(-index / RATE / decay);
      out[index] = (out[index] ?? 0) + Math.sin(turn * index) * gain * fade;
    }
  }
  return fadeEnds(out, 0.001, 0.02);
}

/** A sine tone whose frequency (Hz) and amplitude are functions of the time in seconds. */
export function sweep(
  seconds: number,
  frequency: (time: number) => number,
  amplitude: (time: number) => number,
): Samples {
  const out = silence(seconds);
  let phase = 0;
  for (let index = 0; index < out.length; index++) {
    const time = index / RATE;
    phase += (2 * Math.PI * frequency(time)) / RATE;
    out[index] = Math.sin(phase) * amplitude(time);
  }
  return fadeEnds(out, 0.002, 0.01);
}

/** White noise through a two-pole resonator; `centre` and `width` of its band in Hz. A small width rings. */
export function noise(
  seconds: number,
  centre: number,
  width: number,
  amplitude: (time: number) => number,
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
    out[index] = now * 2 * amplitude(index / RATE);
  }
  return fadeEnds(out, 0.001, 0.01);
}

/** Fades in and out in place (seconds), so that the ends do not click. */
export function fadeEnds(samples: Samples, into: number, out: number): Samples {
  const first = Math.max(1, Math.round(into * RATE));
  const last = Math.max(1, Math.round(out * RATE));
  for (let index = 0; index < samples.length; index++) {
    const fade = Math.min(1, index / first, (samples.length - 1 - index) / last);
    samples[index] = (samples[index] ?? 0) * fade;
  }
  return samples;
}

/**
 * Schroeder reverberation: four parallel comb filters, then two all-pass filters. The echo decays to 5 % in
 * `length` seconds. With `wrap` the echo of the end is added to the beginning.
 */
export function reverb(dry: Samples, amount: number, length: number, wrap = false): Samples {
  const passes = wrap ? 2 : 1;
  let wet: Samples = new Float32Array(dry.length);
  for (const delay of [1_187, 1_361, 1_493, 1_657]) {
    const gain = Math.exp((-3 * delay) / RATE / length);
    const line = new Float32Array(delay);
    let lowPassed = 0;
    for (let index = 0; index < dry.length * passes; index++) {
      const place = index % dry.length;
      const delayed = line[index % delay] ?? 0;
      lowPassed += (delayed - lowPassed) * 0.55;
      line[index % delay] = (dry[place] ?? 0) + lowPassed * gain;
      if (index >= dry.length * (passes - 1)) wet[place] = (wet[place] ?? 0) + delayed * 0.25;
    }
  }
  for (const delay of [241, 83]) wet = allPass(wet, delay, passes);
  return wet.map((value, index) => value * amount + (dry[index] ?? 0));
}

function allPass(samples: Samples, delay: number, passes: number): Samples {
  const out = new Float32Array(samples.length);
  const line = new Float32Array(delay);
  for (let index = 0; index < samples.length * passes; index++) {
    const place = index % samples.length;
    const delayed = line[index % delay] ?? 0;
    const input = (samples[place] ?? 0) + delayed * 0.6;
    line[index % delay] = input;
    out[place] = delayed - input * 0.6;
  }
  return out;
}

/** Scales the samples so that the largest absolute value is `peak`. */
export function normalise(samples: Samples, peak: number): Samples {
  const loudest = samples.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-9);
  return samples.map((value) => (value * peak) / loudest);
}
