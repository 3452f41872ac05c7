/** The other end of `child.real.ts`: the process that started this one, and listens. */
export interface ParentProcess<Order, Word> {
  /** Resolves when it is on its way; never rejects. */
  tell(word: Word): Promise<void>;
  /** One listener; it also gets the orders that came before it was set. */
  onOrder(listener: (order: Order) => void): void;
  /** The process is gone, however it ended. */
  onGone(listener: () => void): void;
}

/** null = this process was not started with a channel. */
export function parentProcess<Order, Word>(): ParentProcess<Order, Word> | null {
  if (!process.send || !process.connected) return null;
  // Orders that come while the program is still starting wait for it.
  const early: Order[] = [];
  let obey = (order: Order): void => void early.push(order);
  process.on('message', (order) => obey(order as Order));
  return {
    tell: (word) =>
      new Promise((resolve) => {
        try {
          if (process.connected) process.send?.(word, undefined, undefined, () => resolve());
          else resolve();
        } catch {
          // It went this very moment: `onGone` tells.
          resolve();
        }
      }),
    onOrder(listener) {
      obey = listener;
      for (const order of early.splice(0)) listener(order);
    },
    onGone(listener) {
      process.on('disconnect', listener);
      if (!process.connected) listener();
    },
  };
}
