/** @jsxImportSource preact */
/**
 * The hint drawer: every open puzzle with its hint steps; the last step is the answer. Taking a step is a move of the
 * game, so the whole team sees it. The number of steps taken is in the game's state under `hints`.
 */
import { useState } from 'preact/hooks';
import { Drawer } from './drawer.tsx';
import { Icon, useModel } from './parts.tsx';

export function HintsDrawer() {
  const { session, client, t, gameText } = useModel();
  const state = session.state();
  const open = session.progress()?.puzzles.filter((puzzle) => puzzle.state === 'open') ?? [];
  const solved = session.progress()?.puzzles.filter((puzzle) => puzzle.state === 'solved') ?? [];
  return (
    <Drawer name="hints" title={t('tool_hints')}>
      <p class="quiet">{t('hints_note')}</p>
      {open.length === 0 && <p>{t('hints_none')}</p>}
      {open.map(({ id }) => (
        <PuzzleHints
          key={id}
          id={id}
          steps={stepsOf(client.rules.hints, state, id)}
          taken={takenOf(state, id)}
        />
      ))}
      {solved.length > 0 && (
        <ul class="solved-list" aria-label={t('solved_list')}>
          {solved.map(({ id }) => (
            <li key={id}>
              <Icon name="tick" />
              {gameText(`puzzle.${id}`)}
            </li>
          ))}
        </ul>
      )}
    </Drawer>
  );
}

interface PuzzleHintsProps {
  readonly id: string;
  readonly steps: readonly string[];
  readonly taken: number;
}

function PuzzleHints({ id, steps, taken }: PuzzleHintsProps) {
  const { session, t, gameText } = useModel();
  const [isConfirmed, setConfirmed] = useState(false);
  const next = taken + 1;
  const last = next === steps.length;
  const waiting = session.pending().some((move) => isHint(move, id, next));
  const take = () => {
    // The last step is the answer, so it takes a second press.
    if (last && !isConfirmed) return setConfirmed(true);
    setConfirmed(false);
    session.send({ type: 'hint', puzzle: id, step: next });
  };
  return (
    <section class="hint" aria-label={gameText(`puzzle.${id}`)}>
      <h3>{gameText(`puzzle.${id}`)}</h3>
      <ol class="hint-steps" aria-live="polite">
        {steps.slice(0, taken).map((step) => (
          <li key={step}>{gameText(step)}</li>
        ))}
      </ol>
      {next <= steps.length && !session.observer() && (
        <button type="button" class="shell-button" disabled={waiting} onClick={take}>
          <Icon name="bulb" />
          {waiting
            ? t('hint_coming')
            : last && isConfirmed
              ? t('hint_sure')
              : t(last ? 'hint_answer' : 'hint_next', { step: next, steps: steps.length })}
        </button>
      )}
    </section>
  );
}

function stepsOf(hints: (state: unknown, puzzle: string) => readonly string[], state: unknown, id: string) {
  try {
    return hints(state, id);
  } catch {
    return [];
  }
}

function takenOf(state: unknown, puzzle: string): number {
  const hints = typeof state === 'object' && state !== null && 'hints' in state ? state.hints : null;
  if (typeof hints !== 'object' || hints === null) return 0;
  const taken: unknown = Object.getOwnPropertyDescriptor(hints, puzzle)?.value;
  return typeof taken === 'number' ? taken : 0;
}

function isHint(move: unknown, puzzle: string, step: number): boolean {
  if (typeof move !== 'object' || move === null) return false;
  const given = move as { readonly type?: unknown; readonly puzzle?: unknown; readonly step?: unknown };
  return given.type === 'hint' && given.puzzle === puzzle && given.step === step;
}
