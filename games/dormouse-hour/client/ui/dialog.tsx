/** @jsxImportSource preact */
/** A modal dialog over the scene: takes the focus when it opens, closes with Escape or its button. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { useGame } from '../game.ts';
import type { Closeup } from '../view-model.ts';

export function Dialog({
  name,
  kind,
  children,
}: {
  name: Closeup;
  kind: string;
  children: ComponentChildren;
}) {
  const game = useGame();
  const close = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    close.current?.focus({ preventScroll: true });
  }, [name]);
  useEffect(() => {
    const closeOnEscape = (event: KeyboardEvent): void => {
      if (event.key === 'Escape' && !event.defaultPrevented) game.open(null);
    };
    document.addEventListener('keydown', closeOnEscape);
    return () => document.removeEventListener('keydown', closeOnEscape);
  });
  return (
    <div class={`dh-closeup ${kind}`} role="dialog" aria-modal="true" aria-labelledby="dh-title">
      <button ref={close} type="button" class="dh-close" onClick={() => game.open(null)}>
        <svg viewBox="-12 -12 24 24" aria-hidden="true">
          <path d="M-7 -7L7 7M7 -7L-7 7" />
        </svg>
        <span>{game.t('close')}</span>
      </button>
      {children}
    </div>
  );
}
