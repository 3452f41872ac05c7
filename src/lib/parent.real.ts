/** The other end of `child.real.ts`: the process that started this one, and listens. */
export interface ParentProcess<Order, Word> {
  /** Resolves when it is on its way; never rejects. */
  tell(word: Word): Promise<void>;
  onOrder(listener: (order: Order) => void): void;
  /** The process is gone, however it ended. */
  onGone(listener: () => void): void;
}

/** null = this process was not started with a channel. */
export function parentProcess<Order, Word>(): ParentProcess<Order, Word> | null {
  if (!process.send || !process.connected) return null;
  return {
    tell: (word) =>
      new Promise((resolve) => {
        if (process.connected) process.send?.(word, undefined, undefined, () => resolve());
        else resolve();
      }),
    onOrder: (listener) => void process.on('message', (order) => listener(order as Order)),
    onGone(listener) {
      process.on('disconnect', listener);
      if (!process.connected) listener();
    },
  };
}
