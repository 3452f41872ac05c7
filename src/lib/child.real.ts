/**
 * A process of ours that is started and listened to: messages go both ways over a channel of its
 * own, and when this process dies, however it dies, the other end sees the channel close. Its
 * output goes where ours goes, or into a file.
 */
export interface ChildProcess<Order> {
  readonly pid: number;
  /** Never throws; nothing comes of it once the process is gone or no longer listens. */
  tell(order: Order): void;
  /** Ends it at once. */
  kill(): void;
  /** How it ended, in words: `exit code 3`, `signal SIGKILL`. */
  readonly ended: Promise<string>;
}

export interface ChildOptions<Word> {
  /** A TypeScript file, run by the runtime that runs this one. */
  readonly program: string;
  readonly args: readonly string[];
  /** Added to the environment of this process. */
  readonly env: { readonly [name: string]: string };
  /** `Word` is what the program sends; it is the same release as this one, so it is believed. */
  readonly heard: (word: Word) => void;
  /** A file descriptor that takes its output. */
  readonly output?: number;
}

/** Throws when the machine has no process or descriptor left for it. */
export function spawnChild<Order, Word>(options: ChildOptions<Word>): ChildProcess<Order> {
  const output = options.output ?? 'inherit';
  const child = Bun.spawn([process.execPath, options.program, ...options.args], {
    env: { ...process.env, ...options.env },
    stdio: ['ignore', output, output],
    serialization: 'json',
    ipc: (message) => options.heard(message as Word),
  });
  return {
    pid: child.pid,
    tell(order) {
      try {
        child.send(order);
      } catch {
        // The channel closes a moment before its end is reported, and may be closed without one.
      }
    },
    kill: () => child.kill('SIGKILL'),
    ended: child.exited.then((code) =>
      child.signalCode === null ? `exit code ${code}` : `signal ${child.signalCode}`,
    ),
  };
}
