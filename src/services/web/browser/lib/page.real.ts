/** The browser's clock, timers and chance, in one place for the scripts of our pages. */

/** Calls `run` once after `ms`; the answer cancels it. */
export function after(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
}

/** Calls `run` every `ms`; the answer ends it. */
export function every(ms: number, run: () => void): () => void {
  const timer = setInterval(run, ms);
  return () => clearInterval(timer);
}

/** Monotonic milliseconds since the page began to load. */
export function pageMs(): number {
  return performance.now();
}

/**
 * Collects calls into one `run` per animation frame; in a hidden page, which gets no frames, into
 * one per second.
 */
export function oncePerFrame(run: () => void): () => void {
  let asked = false;
  const go = () => {
    if (!asked) return;
    asked = false;
    run();
  };
  return () => {
    if (asked) return;
    asked = true;
    if (document.visibilityState === 'visible') requestAnimationFrame(go);
    setTimeout(go, 1_000);
  };
}

/** 48 bits in hex: enough to tell the lines of one notepad apart. */
export function shortId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(6)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
}
