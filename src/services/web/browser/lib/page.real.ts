/** The browser's clock, timers and random numbers, in one place for the scripts of our pages. */

/** Calls `run` once after `ms`; the returned function cancels it. */
export function after(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
}

/** Calls `run` every `ms`; the returned function stops it. */
export function every(ms: number, run: () => void): () => void {
  const timer = setInterval(run, ms);
  return () => clearInterval(timer);
}

/** Monotonic milliseconds since the page began to load. */
export function pageMs(): number {
  return performance.now();
}

/**
 * Combines calls into one `run` per animation frame; in a hidden page, which gets no frames, into one per second.
 */
export function oncePerFrame(run: () => void): () => void {
  let isScheduled = false;
  const go = () => {
    if (!isScheduled) return;
    isScheduled = false;
    run();
  };
  return () => {
    if (isScheduled) return;
    isScheduled = true;
    if (document.visibilityState === 'visible') requestAnimationFrame(go);
    setTimeout(go, 1_000);
  };
}

/** 48 random bits in hex: enough for the lines of one notepad. */
export function shortId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(6)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
}
