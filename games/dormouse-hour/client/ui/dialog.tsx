/** @jsxImportSource preact */
/** What lies over the scene until it is closed: takes the focus, closes with Escape or its button. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { type Closeup, useGame } from '../game.ts';

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
    const leave = (event: KeyboardEvent): void => {
      if (event.key === 'Escape' && !event.defaultPrevented) game.open(null);
    };
    document.addEventListener('keydown', leave);
    return () => document.removeEventListener('keydown', leave);
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
