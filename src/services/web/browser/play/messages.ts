/** Short-lived words over the stage: toasts and captions. */
import { after } from '../lib/page.real.ts';

export interface Toast {
  readonly id: number;
  readonly kind: 'word' | 'solved' | 'notice';
  readonly text: string;
  /** Whose doing it was; 0 = nobody's. */
  readonly seat: number;
}

export interface Messages {
  toasts(): readonly Toast[];
  caption(): string;
  toast(kind: Toast['kind'], text: string, seat?: number): void;
  setCaption(text: string): void;
}

const TOASTS_MAX = 3;
const TOAST_MS = 6_000;
const CAPTION_MS = 4_000;

export function createMessages(changed: () => void): Messages {
  let toasts: readonly Toast[] = [];
  let nextToast = 1;
  let caption = '';
  let cancelCaption: (() => void) | null = null;
  return {
    toasts: () => toasts,
    caption: () => caption,
    toast(kind, text, seat = 0) {
      const id = nextToast++;
      toasts = [...toasts, { id, kind, text, seat }].slice(-TOASTS_MAX);
      after(TOAST_MS, () => {
        toasts = toasts.filter((toast) => toast.id !== id);
        changed();
      });
      changed();
    },
    setCaption(text) {
      caption = text;
      cancelCaption?.();
      cancelCaption = after(CAPTION_MS, () => {
        caption = '';
        changed();
      });
      changed();
    },
  };
}
