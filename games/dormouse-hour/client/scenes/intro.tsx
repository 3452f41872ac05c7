/** @jsxImportSource preact */
/** The opening: three pages over the sleepless town. Each player turns them alone; the others do not wait. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { Town, TownAnimation } from '../art/town.tsx';
import { useGame } from '../game.ts';

const PAGES = 3;

export function Intro({ onDone }: { onDone: () => void }) {
  const { t, sounds } = useGame();
  const [page, setPage] = useState(0);
  const next = useRef<HTMLButtonElement>(null);
  useEffect(() => next.current?.focus({ preventScroll: true }), [page]);
  const turnPage = (): void => {
    sounds.play('page');
    if (page + 1 < PAGES) setPage(page + 1);
    else onDone();
  };
  return (
    <div class="dh-story" role="dialog" aria-modal="true" aria-labelledby="dh-story-title">
      <svg class="dh-view" viewBox="0 -70 1600 1070" preserveAspectRatio="xMidYMid slice" aria-hidden="true">
        <Town />
      </svg>
      <svg
        class="dh-view dh-movers"
        viewBox="0 -70 1600 1070"
        preserveAspectRatio="xMidYMid slice"
        aria-hidden="true"
      >
        <TownAnimation />
      </svg>
      <div class="dh-page" key={page}>
        {page === 0 ? (
          <h1 id="dh-story-title">{t('title')}</h1>
        ) : (
          <h2 id="dh-story-title" class="dh-hidden">
            {t('title')}
          </h2>
        )}
        <p>{t(`intro.${page}`)}</p>
        <div class="dh-row">
          <button ref={next} type="button" class="dh-button dh-strong" onClick={turnPage}>
            {t(page + 1 < PAGES ? 'intro.next' : 'intro.begin')}
          </button>
          {page + 1 < PAGES && (
            <button type="button" class="dh-button" onClick={onDone}>
              {t('intro.skip')}
            </button>
          )}
        </div>
        <p class="dh-dots" aria-label={t('intro.page', { page: page + 1, pages: PAGES })}>
          {Array.from({ length: PAGES }, (_, index) => (
            <span key={index} class={index === page ? 'dh-on' : undefined} />
          ))}
        </p>
      </div>
    </div>
  );
}
