/** @jsxImportSource preact */
/** A thing in a picture that can be pressed: by pointer, touch and keyboard, and named for screen readers. */
import type { ComponentChildren } from 'preact';
import { useUnit } from './unit.ts';

export interface SpotProperties {
  readonly label: string;
  /** The area that can be touched; it grows to 44 CSS pixels if it is smaller. */
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
  readonly onPress?: () => void;
  readonly onKey?: (key: string) => boolean;
  readonly onPointerDown?: (event: PointerEvent) => void;
  /** Name for items that are let go here. */
  readonly drop?: string;
  /** A move of it is on its way. */
  readonly pending?: boolean;
  /** The name under which the platform places cursors on it: the same thing on every screen. */
  readonly stage?: string;
  readonly round?: boolean;
  readonly disabled?: boolean;
  readonly pressed?: boolean;
  /** Something else does the same for keyboards. */
  readonly pointerOnly?: boolean;
  readonly value?: { readonly now: number; readonly max: number; readonly text: string };
  readonly children?: ComponentChildren;
}

const TOUCH = 44;

/** Arrow keys as steps: up and right are 1, down and left -1, others 0. */
export function arrowStep(key: string): number {
  if (key === 'ArrowUp' || key === 'ArrowRight') return 1;
  return key === 'ArrowDown' || key === 'ArrowLeft' ? -1 : 0;
}

export function Spot(props: SpotProperties) {
  const { label, onPress, onKey, drop, pending, round, disabled, pressed, value, children } = props;
  const unit = useUnit();
  const w = Math.max(props.w, TOUCH * unit);
  const h = Math.max(props.h, TOUCH * unit);
  const x = props.x - (w - props.w) / 2;
  const y = props.y - (h - props.h) / 2;
  const area = { x, y, width: w, height: h, rx: round ? Math.min(w, h) / 2 : 8 * unit };
  const classes = ['dh-spot', pending && 'dh-pending', disabled && 'dh-off'].filter(Boolean).join(' ');
  const key = (event: KeyboardEvent): void => {
    const wanted = onKey?.(event.key) ?? false;
    if (!wanted && event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    if (!wanted && !disabled) onPress?.();
  };
  const slider = value && {
    role: 'slider' as const,
    'aria-valuenow': value.now,
    'aria-valuemin': 0,
    'aria-valuemax': value.max,
    'aria-valuetext': value.text,
  };
  return (
    <g
      class={classes}
      role="button"
      tabindex={props.pointerOnly ? -1 : 0}
      aria-hidden={props.pointerOnly}
      aria-label={label}
      aria-disabled={disabled || undefined}
      aria-pressed={pressed}
      {...slider}
      {...(drop ? { 'data-drop': drop } : {})}
      onClick={() => !disabled && onPress?.()}
      onKeyDown={key}
      {...(props.onPointerDown ? { onPointerDown: props.onPointerDown } : {})}
    >
      <g class="dh-body">{children}</g>
      <rect class="dh-area" {...area} {...(props.stage ? { 'data-stage': props.stage } : {})} />
      <rect class="dh-focus" {...area} stroke-width={3 * unit} />
    </g>
  );
}
