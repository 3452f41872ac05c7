/** Tells listeners that something changed: in a microtask, once for all changes before it. */
export class Listeners {
  readonly #listeners = new Set<() => void>();
  #due = false;

  add(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  clear(): void {
    this.#listeners.clear();
  }

  notify(): void {
    if (this.#due) return;
    this.#due = true;
    void Promise.resolve().then(() => {
      this.#due = false;
      for (const listener of this.#listeners) listener();
    });
  }
}
