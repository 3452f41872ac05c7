/** What passes between the program and a thread in which SQLite lives. */

export type ToWorker = { readonly id: number } &
  /** `reads`: the file must be there, and the engine itself holds the connection to reading. */
  (
    | { readonly kind: 'open'; readonly path: string; readonly reads: boolean }
    | {
        readonly kind: 'query';
        readonly sql: string;
        readonly parameters: readonly unknown[];
        /** A statement that begins a transaction, run just before; saves a message per transaction. */
        readonly begin?: string;
      }
    /** Queries as of one moment; the answer's rows are one list for each. */
    | {
        readonly kind: 'snapshot';
        readonly queries: readonly { readonly sql: string; readonly parameters: readonly unknown[] }[];
      }
    /** Ends the transaction if there still is one. */
    | { readonly kind: 'rollback' }
    /** Closes the connection; one that writes first empties the write-ahead log into the database. */
    | { readonly kind: 'close' }
  );

export type FromWorker =
  | { readonly id: number; readonly ok: true; readonly rows: unknown[]; readonly changes: number }
  | { readonly id: number; readonly ok: false; readonly code: string; readonly message: string };
