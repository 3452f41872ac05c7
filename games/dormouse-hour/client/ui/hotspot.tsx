/** @jsxImportSource preact */
/** An area of a picture that can be pressed by pointer, touch or keyboard, named for screen readers. */
import type { ComponentChildren } from 'preact';
import { useUnit } from './unit.ts';

export interface HotspotProperties {
  readonly label: string;
  /** The area, in picture units; it is enlarged to at least 44 × 44 CSS pixels. */
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
  readonly onPress?: () => void;
  /** Returns true if it handled the key. */
  readonly onKey?: (key: string) => boolean;
  readonly onPointerDown?: (event: PointerEvent) => void;
  /** Its name as a drop target. */
  readonly drop?: string;
  /** True while a move of it is not confirmed. */
  readonly pending?: boolean;
  /** The name by which the platform positions cursors on it: the same thing on every screen. */
  readonly stage?: string;
  readonly round?: boolean;
  readonly disabled?: boolean;
  readonly pressed?: boolean;
  /** Not focusable: another hotspot does the same by keyboard. */
  readonly pointerOnly?: boolean;
  /** Makes it a slider for screen readers. */
  readonly value?: { readonly now: number; readonly max: number; readonly text: string };
  readonly children?: ComponentChildren;
}

const TOUCH_SIZE_PX = 44;

/** Returns 1 for the up and right arrow keys, -1 for down and left, 0 for other keys. */
export function arrowStep(key: string): number {
  if (key === 'ArrowUp' || key === 'ArrowRight') return 1;
  return key === 'ArrowDown' || key === 'ArrowLeft' ? -1 : 0;
}

export function Hotspot(props: HotspotProperties) {
  const { label, onPress, onKey, drop, pending, round, disabled, pressed, value, children } = props;
  const unit = useUnit();
  const w = Math.max(props.w, TOUCH_SIZE_PX * unit);
  const h = Math.max(props.h, TOUCH_SIZE_PX * unit);
  const x = props.x - (w - props.w) / 2;
  const y = props.y - (h - props.h) / 2;
  const area = { x, y, width: w, height: h, rx: round ? Math.min(w, h) / 2 : 8 * unit };
  const classes = ['dh-spot', pending && 'dh-pending', disabled && 'dh-off'].filter(Boolean).join(' ');
  const key = (event: KeyboardEvent): void => {
    const isHandled = onKey?.(event.key) ?? false;
    if (!isHandled && event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    if (!isHandled && !disabled) onPress?.();
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
