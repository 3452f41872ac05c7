/** @jsxImportSource preact */
/** The ending: the clock strikes twelve, the windows go dark, it snows. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { DormouseAsleep } from '../art/animals.tsx';
import { Town, TownMovers } from '../art/town.tsx';
import { useGame } from '../game.ts';

const STROKES = 12;
/** Seconds until the first stroke, and between two. */
const FIRST = 2.6;
const BETWEEN = 1.15;

/** `again`: the page was loaded after the end, so only the last picture is shown. */
export function Ending({ again }: { again: boolean }) {
  const { t, sounds, host } = useGame();
  const [skipped, setSkipped] = useState(again);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (again) return;
    for (const delay of [0.3, 0.9, 1.5, 2.1])
      sounds.play(delay === 0.3 || delay === 1.5 ? 'tick' : 'tock', { delay });
    for (let stroke = 0; stroke < STROKES; stroke++) {
      sounds.play('strike', { delay: FIRST + stroke * BETWEEN, gain: 0.8 });
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
        <TownMovers asleep />
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
