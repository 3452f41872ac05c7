/** @jsxImportSource preact */
/** The panel at the side (on phones: at the bottom). Takes the focus when it opens, returns it when it closes. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { type DrawerName } from './model.ts';
import { Icon, useModel } from './parts.tsx';

interface DrawerProps {
  readonly name: DrawerName;
  readonly title: string;
  readonly children: ComponentChildren;
}

export function Drawer({ name, title, children }: DrawerProps) {
  const { t, open } = useModel();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    heading.current?.focus();
    const onKey = (event: KeyboardEvent) => {
      if (event.key === 'Escape' && !event.defaultPrevented) open(null);
    };
    document.addEventListener('keydown', onKey);
    return () => {
      document.removeEventListener('keydown', onKey);
      document.querySelector<HTMLElement>(`[data-tool="${name}"]`)?.focus();
    };
  }, [name]);
  return (
    <section class="drawer" aria-labelledby="drawer-title">
      <header class="drawer-head">
        <h2 id="drawer-title" tabIndex={-1} ref={heading}>
          {title}
        </h2>
        <button type="button" class="icon-button" onClick={() => open(null)}>
          <Icon name="close" />
          <span class="visually-hidden">{t('close')}</span>
        </button>
      </header>
      <div class="drawer-body">{children}</div>
    </section>
  );
}
