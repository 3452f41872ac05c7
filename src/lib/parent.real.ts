/** The other end of `child.real.ts`: the channel to the process that started this one. */
export interface ParentProcess<Received, Sent> {
  /** Resolves when the message was written to the channel, or the channel is closed; never rejects. */
  send(message: Sent): Promise<void>;
  /** Sets the only listener. Messages that arrived earlier are delivered to it at once. */
  onMessage(listener: (message: Received) => void): void;
  /** Calls `listener` when the parent has ended, for any reason; at once if it has ended already. */
  onDisconnect(listener: () => void): void;
}

/** null = this process was started without a channel. */
export function parentProcess<Received, Sent>(): ParentProcess<Received, Sent> | null {
  if (!process.send || !process.connected) return null;
  // Messages that arrive while the program starts are kept for its listener.
  const early: Received[] = [];
  let deliver = (message: Received): void => void early.push(message);
  process.on('message', (message) => deliver(message as Received));
  return {
    send: (message) =>
      new Promise((resolve) => {
        try {
          if (process.connected) process.send?.(message, undefined, undefined, () => resolve());
          else resolve();
        } catch {
          // The channel was closed just now: `onDisconnect` reports it.
          resolve();
        }
      }),
    onMessage(listener) {
      deliver = listener;
      for (const message of early.splice(0)) listener(message);
    },
    onDisconnect(listener) {
      process.on('disconnect', listener);
      if (!process.connected) listener();
    },
  };
}
