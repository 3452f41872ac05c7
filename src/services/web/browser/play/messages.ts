/** Temporary messages over the stage: toasts and captions. */
import { after } from '../lib/page.real.ts';

export interface Toast {
  readonly id: number;
  readonly kind: 'word' | 'solved' | 'notice';
  readonly text: string;
  /** The seat that caused it; 0 = none. */
  readonly seat: number;
}

export interface Messages {
  toasts(): readonly Toast[];
  caption(): string;
  showToast(kind: Toast['kind'], text: string, seat?: number): void;
  setCaption(text: string): void;
}

const TOASTS_MAX = 3;
const TOAST_MS = 6_000;
const CAPTION_MS = 4_000;

export function createMessages(onChange: () => void): Messages {
  let toasts: readonly Toast[] = [];
  let nextToast = 1;
  let caption = '';
  let cancelCaption: (() => void) | null = null;
  return {
    toasts: () => toasts,
    caption: () => caption,
    showToast(kind, text, seat = 0) {
      const id = nextToast++;
      toasts = [...toasts, { id, kind, text, seat }].slice(-TOASTS_MAX);
      after(TOAST_MS, () => {
        toasts = toasts.filter((toast) => toast.id !== id);
        onChange();
      });
      onChange();
    },
    setCaption(text) {
      caption = text;
      cancelCaption?.();
      cancelCaption = after(CAPTION_MS, () => {
        caption = '';
        onChange();
      });
      onChange();
    },
  };
}
