/**
 * The music: a slow waltz for a music box over long low chords, made to repeat without a seam. The
 * echo of its end already lies under its beginning.
 */
import { inRoom, mix, type Partial, type Samples, silence, struck, swept } from './dsp.ts';

const BEAT = 0.78;
const BEATS_PER_BAR = 3;

const BOX: readonly Partial[] = [
  { ratio: 1, gain: 1, decay: 0.7 },
  { ratio: 2, gain: 0.3, decay: 0.45 },
  { ratio: 3.01, gain: 0.16, decay: 0.2 },
  { ratio: 5.95, gain: 0.1, decay: 0.09 },
];

/** One chord per bar, as steps above A2. */
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

/** The tune: bar by bar, beat (in the bar), length in beats and step above A4. */
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

const note = (base: number, step: number) => base * 2 ** (step / 12);

/** How long one round is, in seconds. */
export const ROUND = CHORDS.length * BEATS_PER_BAR * BEAT;

export function music(): Samples {
  const out = silence(ROUND);
  CHORDS.forEach((chord, bar) => {
    const at = bar * BEATS_PER_BAR * BEAT;
    chord.forEach((step, voice) => mix(out, pad(note(110, step), voice), at, 0.11, true));
    mix(out, struck(note(220, chord[0] ?? 0), 1.6, BOX), at, 0.3, true);
    [1, 2].forEach((beat) => {
      for (const step of chord.slice(2)) {
        mix(out, struck(note(220, step), 1, BOX), at + beat * BEAT + step * 0.001, 0.13, true);
      }
    });
    for (const [beat, length, step] of TUNE[bar] ?? []) {
      mix(out, struck(note(880, step), 1.2 + length * 0.4, BOX), at + beat * BEAT, 0.34, true);
      if (length > 1) mix(out, struck(note(1760, step), 0.9, BOX), at + (beat + 1) * BEAT, 0.05, true);
    }
  });
  return inRoom(out, 0.55, 2.2, true);
}

/** A chord's voice: swells over its bar and fades under the next. */
function pad(frequency: number, voice: number): Samples {
  const seconds = BEATS_PER_BAR * BEAT * 1.5;
  const swell = (time: number) => Math.sin((Math.PI * time) / seconds) ** 1.5;
  const out = swept(seconds, (time) => frequency * (1 + 0.0015 * Math.sin(time * 4 + voice)), swell);
  return mix(
    out,
    swept(
      seconds,
      () => frequency * 2.003,
      (time) => 0.2 * swell(time),
    ),
  );
}
