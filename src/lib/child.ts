/**
 * A child process that exchanges messages with this one over an IPC channel. When this process ends, the
 * child sees the channel close.
 */
export interface ChildProcess<Message> {
  readonly pid: number;
  /** Never throws. The message is lost if the process has ended or its channel is closed. */
  send(message: Message): void;
  /** Sends SIGKILL. */
  kill(): void;
  /** How it ended, in words: `exit code 3`, `signal SIGKILL`. */
  readonly exited: Promise<string>;
}

export interface ChildOptions<Message> {
  /** A TypeScript file, run by the runtime that runs this process. */
  readonly program: string;
  readonly args: readonly string[];
  /** Added to the environment of this process. */
  readonly env: { readonly [name: string]: string };
  /** Messages from the child. They are not validated: it runs the same release as this process. */
  readonly onMessage: (message: Message) => void;
  /** A file descriptor for its output; default: this process's output. */
  readonly output?: number;
}
