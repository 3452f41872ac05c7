/**
 * Where code runs that must not be able to hurt the rooms: rules of games, native libraries. A task
 * is a program with files in and one file out, bounded in time and memory. Adapter: a child process.
 */
export interface SandboxTask {
  /** Path of the program; its arguments are the paths of the inputs in order, then of the output. */
  readonly program: string;
  /** Name → content; a program may care for the ending of a name. */
  readonly inputs: readonly { readonly name: string; readonly content: string | Uint8Array }[];
  readonly timeMsMax: number;
  /** Resident memory, where the system tells. */
  readonly memoryBytesMax: number;
}

export type SandboxOutcome =
  | { readonly ok: true; readonly output: Uint8Array<ArrayBuffer> }
  /** Ran too long, took too much, crashed, or left no output; `why` is for the operator. */
  | { readonly ok: false; readonly why: string };

export interface Sandbox {
  run(task: SandboxTask): Promise<SandboxOutcome>;
}
