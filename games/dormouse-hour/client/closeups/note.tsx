/** @jsxImportSource preact */
/** The keeper's letter: a list of the five puzzles; solved ones are ticked. */
import { puzzleState } from '../../rules/progress.ts';
import { PUZZLES } from '../../rules/state.ts';
import { useGame } from '../game.ts';
import { Dialog } from '../ui/dialog.tsx';

export function Note() {
  const { state, t } = useGame();
  return (
    <Dialog name="note" kind="dh-lettered">
      <article class="dh-letter">
        <h2 id="dh-title">{t('note.title')}</h2>
        <p>{t('note.hello')}</p>
        <ol>
          {PUZZLES.map((puzzle) => {
            const done = puzzleState(state, puzzle) === 'solved';
            return (
              <li key={puzzle} class={done ? 'dh-ticked' : undefined}>
                {done && (
                  <svg viewBox="0 0 24 24" role="img" aria-label={t('note.done')}>
                    <path d="M3 13L9 20L22 3" />
                  </svg>
                )}
                {t(`note.${puzzle}`)}
              </li>
            );
          })}
        </ol>
        <p>{t('note.end')}</p>
        <p class="dh-sign">Ottilie Thorn</p>
      </article>
    </Dialog>
  );
}
