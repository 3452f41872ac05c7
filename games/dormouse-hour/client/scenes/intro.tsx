/** @jsxImportSource preact */
/** The opening: three pages over the sleepless town. Each player reads at will; nothing waits for it. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { Town, TownMovers } from '../art/town.tsx';
import { useGame } from '../game.ts';

const PAGES = 3;

export function Intro({ done }: { done: () => void }) {
  const { t, sounds } = useGame();
  const [page, setPage] = useState(0);
  const next = useRef<HTMLButtonElement>(null);
  useEffect(() => next.current?.focus({ preventScroll: true }), [page]);
  const turn = (): void => {
    sounds.play('page');
    if (page + 1 < PAGES) setPage(page + 1);
    else done();
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
        <TownMovers />
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
          <button ref={next} type="button" class="dh-button dh-strong" onClick={turn}>
            {t(page + 1 < PAGES ? 'intro.next' : 'intro.begin')}
          </button>
          {page + 1 < PAGES && (
            <button type="button" class="dh-button" onClick={done}>
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
