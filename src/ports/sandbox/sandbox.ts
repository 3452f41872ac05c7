/**
 * Runs code that must not affect the rooms: rules of games, native libraries. A task is a program with
 * input files and one output file, limited in time and memory. Adapter: a child process.
 */
export interface SandboxTask {
  /** Path of a TypeScript program; its arguments are the paths of the inputs, in order, and of the output. */
  readonly program: string;
  /** `name` is a file name without folders; a program may depend on its extension. */
  readonly inputs: readonly { readonly name: string; readonly content: string | Uint8Array }[];
  readonly timeMsMax: number;
  /** Resident memory (RSS); enforced on Linux only. */
  readonly memoryBytesMax: number;
}

export type SandboxOutcome =
  | { readonly ok: true; readonly output: Uint8Array<ArrayBuffer> }
  /** A limit was exceeded, the program failed, or it wrote no output; `why` is for the operator. */
  | { readonly ok: false; readonly why: string };

export interface Sandbox {
  run(task: SandboxTask): Promise<SandboxOutcome>;
}
