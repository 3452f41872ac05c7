/** @jsxImportSource preact */
/** The end of a game: the play time, confetti, and the link to the end page, over the game's own ending. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { clockText } from '../../end/end-view.ts';
import { after } from '../lib/page.real.ts';
import { Icon, useModel } from './parts.tsx';

/** Until then the stage shows only the game's own ending. */
const WAIT_MS = 8_000;
const CONFETTI = 36;

export function Finale() {
  const { data, session, t, switches } = useModel();
  const [shown, setShown] = useState(false);
  const [closed, setClosed] = useState(false);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => after(WAIT_MS, () => setShown(true)), []);
  useEffect(() => heading.current?.focus(), [shown]);
  if (!shown) return null;
  const time = clockText(session.durationMs() ?? session.finishedAtMs() ?? 0);
  return (
    <>
      {!switches().reducedMotion && <Confetti />}
      <section class={closed ? 'finale finale-small' : 'finale'} aria-labelledby="finale-title">
        <h2 id="finale-title" tabIndex={-1} ref={heading}>
          {t('finale_title')}
        </h2>
        {!closed && <p class="finale-time">{t('finale_time', { time })}</p>}
        <p class="finale-buttons">
          <a class="shell-button shell-button-main" href={data.endPage}>
            <Icon name="star" />
            {t('finale_end_page')}
          </a>
          {!closed && (
            <button type="button" class="shell-button" onClick={() => setClosed(true)}>
              {t('finale_stay')}
            </button>
          )}
        </p>
      </section>
    </>
  );
}

/** Positions are derived from the index, so no random numbers are needed. */
function Confetti() {
  return (
    <svg class="confetti" viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">
      {Array.from({ length: CONFETTI }, (_, index) => (
        <rect
          key={index}
          class={`confetti-${index % 6}`}
          x={(index * 37) % 100}
          y={-6 - ((index * 17) % 30)}
          width="1.1"
          height="1.6"
          style={{
            animationDelay: `${(index % 9) * 0.13}s`,
            animationDuration: `${2.6 + (index % 5) * 0.4}s`,
          }}
        />
      ))}
    </svg>
  );
}
