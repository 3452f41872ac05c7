/** @jsxImportSource preact */
/** The ending: the clock strikes twelve, the windows go dark, it snows. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { DormouseAsleep } from '../art/animals.tsx';
import { Town, TownAnimation } from '../art/town.tsx';
import { useGame } from '../game.ts';

const STROKES = 12;
/** Time until the first stroke, and between two strokes. */
const FIRST_STROKE_S = 2.6;
const STROKE_INTERVAL_S = 1.15;

/** `lastPictureOnly`: without strokes and transitions, for a page that was loaded after the end. */
export function Ending({ lastPictureOnly }: { lastPictureOnly: boolean }) {
  const { t, sounds, host } = useGame();
  const [skipped, setSkipped] = useState(lastPictureOnly);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (lastPictureOnly) return;
    for (const delay of [0.3, 0.9, 1.5, 2.1])
      sounds.play(delay === 0.3 || delay === 1.5 ? 'tick' : 'tock', { delay });
    for (let stroke = 0; stroke < STROKES; stroke++) {
      sounds.play('strike', { delay: FIRST_STROKE_S + stroke * STROKE_INTERVAL_S, gain: 0.8 });
    }
    host.caption(t('caption.strike'));
    button.current?.focus({ preventScroll: true });
  }, []);
  return (
    <div
      class={`dh-story dh-ending${skipped ? ' dh-skipped' : ''}`}
      role="dialog"
      aria-modal="true"
      aria-labelledby="dh-story-title"
    >
      <svg class="dh-view" viewBox="0 -70 1600 1070" preserveAspectRatio="xMidYMid slice" aria-hidden="true">
        <Town asleep />
      </svg>
      <svg
        class="dh-view dh-movers"
        viewBox="0 -70 1600 1070"
        preserveAspectRatio="xMidYMid slice"
        aria-hidden="true"
      >
        <TownAnimation asleep />
      </svg>
      <div class="dh-page">
        <svg class="dh-vignette" viewBox="-80 -60 160 120" aria-hidden="true">
          <DormouseAsleep />
        </svg>
        <h2 id="dh-story-title">{t('ending.title')}</h2>
        <p>{t('ending.words')}</p>
      </div>
      {!skipped && (
        <button ref={button} type="button" class="dh-button dh-skip" onClick={() => setSkipped(true)}>
          {t('intro.skip')}
        </button>
      )}
    </div>
  );
}
