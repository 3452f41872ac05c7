/** Notifies listeners of changes in a microtask, once for all changes before it. */
export interface Listeners {
  add(listener: () => void): () => void;
  clear(): void;
  notify(): void;
}

export function createListeners(): Listeners {
  const listeners = new Set<() => void>();
  let due = false;
  return {
    add(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    clear: () => listeners.clear(),
    notify() {
      if (due) return;
      due = true;
      void Promise.resolve().then(() => {
        due = false;
        for (const listener of listeners) listener();
      });
    },
  };
}
