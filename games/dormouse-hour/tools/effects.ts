/** The game's sound effects: one function for each, which synthesises it. */
import { fadeEnds, reverb, mix, noise, type Partial, type Samples, silence, strike, sweep } from './dsp.ts';

const GLASS: readonly Partial[] = [
  { ratio: 1, gain: 1, decay: 0.55 },
  { ratio: 2.01, gain: 0.35, decay: 0.4 },
  { ratio: 2.76, gain: 0.28, decay: 0.25 },
  { ratio: 5.4, gain: 0.14, decay: 0.12 },
  { ratio: 8.9, gain: 0.06, decay: 0.05 },
];
/** A tower bell: hum, prime, tierce, quint, nominal and above. */
const BRONZE: readonly Partial[] = [
  { ratio: 0.5, gain: 0.7, decay: 1.9 },
  { ratio: 1, gain: 0.8, decay: 1.3 },
  { ratio: 1.19, gain: 0.55, decay: 1 },
  { ratio: 1.5, gain: 0.3, decay: 0.7 },
  { ratio: 2, gain: 0.6, decay: 0.6 },
  { ratio: 2.52, gain: 0.2, decay: 0.35 },
  { ratio: 3.01, gain: 0.2, decay: 0.25 },
  { ratio: 4.17, gain: 0.12, decay: 0.14 },
];
const BRASS: readonly Partial[] = [
  { ratio: 1, gain: 1, decay: 0.09 },
  { ratio: 2.32, gain: 0.6, decay: 0.07 },
  { ratio: 4.25, gain: 0.4, decay: 0.04 },
];
const WOOD: readonly Partial[] = [
  { ratio: 1, gain: 1, decay: 0.035 },
  { ratio: 2.57, gain: 0.45, decay: 0.018 },
];

/** Exponential decay to 1/e in `seconds`. */
const decay = (seconds: number) => (time: number) => Math.exp(-time / seconds);

function click(frequency: number, gain = 1): Samples {
  const out = strike(frequency, 0.09, BRASS);
  return mix(out, noise(0.02, 3_400, 2_500, decay(0.004)), 0, 0.8 * gain);
}

function ratchet(count: number, gap: number, from: number, to: number): Samples {
  const out = silence(count * gap + 0.12);
  for (let index = 0; index < count; index++) {
    mix(out, click(from + ((to - from) * index) / count), index * gap, 0.6 + (0.4 * index) / count);
  }
  return out;
}

function arpeggio(frequencies: readonly number[], gap: number): Samples {
  const out = silence(frequencies.length * gap + 1.1);
  frequencies.forEach((frequency, index) => mix(out, strike(frequency, 1, GLASS), index * gap, 0.8));
  return reverb(out, 0.5, 0.9);
}

function chirp(seconds: number, from: number, top: number): Samples {
  return sweep(
    seconds,
    (time) => from + (top - from) * Math.sin((Math.PI * time) / seconds) + 60 * Math.sin(time * 190),
    (time) => Math.sin((Math.PI * time) / seconds) ** 2,
  );
}

function rollingNut(): Samples {
  const out = noise(1.7, 420, 260, (time) => 0.7 * Math.min(1, time * 6) * (1 + 0.7 * Math.sin(time * 71)));
  [0.05, 0.31, 0.52, 0.7, 0.95, 1.13, 1.36, 1.5].forEach((at, index) => {
    mix(out, strike(500 + (index % 3) * 90, 0.12, WOOD), at, 0.7);
  });
  return fadeEnds(out, 0.01, 0.15);
}

function drawerSlide(): Samples {
  const out = silence(0.9);
  mix(
    out,
    noise(0.6, 700, 900, (time) => 0.5 * Math.sin((Math.PI * time) / 0.6)),
  );
  mix(out, strike(170, 0.25, WOOD), 0.56, 1);
  return mix(out, click(900), 0.02, 0.7);
}

function whirr(): Samples {
  const out = silence(1.6);
  for (let at = 0.03, gap = 0.14; at < 1.4; at += gap, gap *= 0.93) {
    mix(out, click(1_500 + 300 * Math.sin(at * 40)), at, 0.35 + at * 0.2);
  }
  return mix(
    out,
    sweep(
      1.5,
      (time) => 70 + 50 * time,
      (time) => 0.25 * Math.sin((Math.PI * time) / 1.5),
    ),
  );
}

function snore(): Samples {
  const breath = (time: number) => Math.sin((Math.PI * time) / 0.9) ** 2;
  const out = silence(1.6);
  mix(
    out,
    noise(0.9, 240, 140, (time) => breath(time) * (1 + 0.8 * Math.sin(time * 150))),
    0,
    0.8,
  );
  return mix(
    out,
    sweep(
      0.45,
      (time) => 620 - 500 * time,
      (time) => 0.12 * breath(time * 2),
    ),
    1.05,
  );
}

function creak(): Samples {
  const out = noise(1.1, 310, 60, (time) => Math.abs(Math.sin(time * 24)) * Math.sin((Math.PI * time) / 1.1));
  mix(out, ratchet(9, 0.11, 620, 700), 0.05, 0.12);
  return out;
}

function chain(): Samples {
  const out = silence(0.6);
  [0, 0.07, 0.12, 0.2, 0.26].forEach((at, index) => mix(out, click(1_900 + index * 170), at, 0.5));
  return mix(out, strike(140, 0.2, WOOD), 0.3, 0.8);
}

/** File name without extension → the function that synthesises it. */
export const EFFECTS: { readonly [name: string]: () => Samples } = {
  bell: () => reverb(strike(1046.5, 1.5, GLASS), 0.35, 0.8),
  chain,
  creak,
  drawer: drawerSlide,
  jam: () => mix(noise(0.3, 180, 120, decay(0.12)), strike(210, 0.2, BRASS), 0, 0.5),
  knock: () => strike(260, 0.15, WOOD),
  lantern: () => mix(strike(1_870, 0.6, GLASS), click(1_200), 0, 0.8),
  page: () => noise(0.4, 2_600, 2_200, (time) => 0.6 * Math.sin((Math.PI * time) / 0.4) ** 3),
  pipe: () =>
    mix(
      reverb(
        sweep(
          0.75,
          (time) => 1046.5 * (1 + 0.008 * Math.sin(time * 38) - 0.06 * Math.exp(-time / 0.015)),
          (time) => Math.min(1, time * 30) * Math.exp(-time / 0.22),
        ),
        0.4,
        0.7,
      ),
      noise(0.1, 3_000, 1_500, decay(0.03)),
      0,
      0.12,
    ),
  place: () => mix(strike(540, 0.35, BRASS), strike(120, 0.2, WOOD), 0.01, 0.9),
  roll: rollingNut,
  snore,
  solved: () => arpeggio([523.25, 783.99, 1046.5, 1318.5], 0.13),
  squeak: () => mix(mix(silence(0.55), chirp(0.16, 2_100, 3_300)), chirp(0.24, 2_300, 3_700), 0.22, 0.8),
  strike: () => reverb(strike(196, 3.2, BRONZE), 0.4, 1.6),
  take: () => mix(arpeggio([1568, 2093], 0.07), click(1_600), 0, 0.3),
  tick: () => click(1_250),
  tock: () => mix(strike(330, 0.3, WOOD), click(760), 0, 0.8),
  turn: () =>
    mix(
      noise(0.2, 900, 600, (time) => 0.5 * Math.sin((Math.PI * time) / 0.2)),
      strike(310, 0.12, WOOD),
      0.14,
    ),
  whirr,
  wind: () => ratchet(10, 0.085, 780, 1_250),
};
