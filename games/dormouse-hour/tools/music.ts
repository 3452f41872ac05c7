/**
 * The music: a slow waltz for a music box over long low chords. It loops seamlessly: notes and reverb that
 * exceed the end are mixed into the beginning.
 */
import { reverb, mix, type Partial, type Samples, silence, strike, sweep } from './dsp.ts';

const BEAT = 0.78;
const BEATS_PER_BAR = 3;

const BOX: readonly Partial[] = [
  { ratio: 1, gain: 1, decay: 0.7 },
  { ratio: 2, gain: 0.3, decay: 0.45 },
  { ratio: 3.01, gain: 0.16, decay: 0.2 },
  { ratio: 5.95, gain: 0.1, decay: 0.09 },
];

/** One chord per bar, as semitones above A2. */
const CHORDS: readonly (readonly number[])[] = [
  [0, 7, 12, 15],
  [-4, 3, 8, 12],
  [3, 10, 15, 19],
  [-2, 5, 10, 14],
  [0, 7, 12, 15],
  [5, 8, 12, 17],
  [-4, 3, 8, 12],
  [-5, 2, 7, 11],
  [-4, 3, 8, 15],
  [3, 7, 10, 15],
  [5, 8, 12, 17],
  [0, 7, 12, 15],
  [-4, 3, 8, 12],
  [-2, 5, 10, 14],
  [0, 7, 12, 15],
  [0, 7, 12, 16],
];

/** The tune, by bar: beat (in the bar), length in beats, and semitones above A5. */
const TUNE: readonly (readonly (readonly [number, number, number])[])[] = [
  [
    [0, 2, 7],
    [2, 1, 3],
  ],
  [
    [0, 2, 5],
    [2, 1, 3],
  ],
  [
    [0, 1, 2],
    [1, 1, 3],
    [2, 1, 7],
  ],
  [[0, 3, 5]],
  [
    [0, 2, 7],
    [2, 1, 10],
  ],
  [
    [0, 2, 12],
    [2, 1, 8],
  ],
  [
    [0, 1, 7],
    [1, 1, 5],
    [2, 1, 3],
  ],
  [[0, 3, 2]],
  [
    [0, 2, 3],
    [2, 1, 8],
  ],
  [
    [0, 2, 7],
    [2, 1, 10],
  ],
  [
    [0, 1, 12],
    [1, 1, 10],
    [2, 1, 8],
  ],
  [
    [0, 2, 7],
    [2, 1, 3],
  ],
  [
    [0, 2, 5],
    [2, 0.5, 3],
    [2.5, 0.5, 0],
  ],
  [
    [0, 2, 2],
    [2, 1, -2],
  ],
  [[0, 3, 0]],
  [],
];

/** The frequency `step` semitones above `base`, in Hz. */
const note = (base: number, step: number) => base * 2 ** (step / 12);

const LOOP_S = CHORDS.length * BEATS_PER_BAR * BEAT;

export function music(): Samples {
  const out = silence(LOOP_S);
  CHORDS.forEach((chord, bar) => {
    const at = bar * BEATS_PER_BAR * BEAT;
    chord.forEach((step, voice) => mix(out, pad(note(110, step), voice), at, 0.11, true));
    mix(out, strike(note(220, chord[0] ?? 0), 1.6, BOX), at, 0.3, true);
    [1, 2].forEach((beat) => {
      for (const step of chord.slice(2)) {
        mix(out, strike(note(220, step), 1, BOX), at + beat * BEAT + step * 0.001, 0.13, true);
      }
    });
    for (const [beat, length, step] of TUNE[bar] ?? []) {
      mix(out, strike(note(880, step), 1.2 + length * 0.4, BOX), at + beat * BEAT, 0.34, true);
      if (length > 1) mix(out, strike(note(1760, step), 0.9, BOX), at + (beat + 1) * BEAT, 0.05, true);
    }
  });
  return reverb(out, 0.55, 2.2, true);
}

/** One voice of a chord: swells and fades over one and a half bars. */
function pad(frequency: number, voice: number): Samples {
  const seconds = BEATS_PER_BAR * BEAT * 1.5;
  const swell = (time: number) => Math.sin((Math.PI * time) / seconds) ** 1.5;
  const out = sweep(seconds, (time) => frequency * (1 + 0.0015 * Math.sin(time * 4 + voice)), swell);
  return mix(
    out,
    sweep(
      seconds,
      () => frequency * 2.003,
      (time) => 0.2 * swell(time),
    ),
  );
}
