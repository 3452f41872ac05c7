/** Messages between the main thread and a SQLite thread. */

export type WorkerRequest = { readonly id: number } &
  /** `reads`: the file must exist, and the engine refuses writes on the connection. */
  (
    | { readonly kind: 'open'; readonly path: string; readonly reads: boolean }
    | {
        readonly kind: 'query';
        readonly sql: string;
        readonly parameters: readonly unknown[];
        /** A statement that begins a transaction, run before `sql`; saves one message per transaction. */
        readonly begin?: string;
      }
    /** Queries on one snapshot; `rows` of the response has one list per query. */
    | {
        readonly kind: 'snapshot';
        readonly queries: readonly { readonly sql: string; readonly parameters: readonly unknown[] }[];
      }
    /** Rolls back the transaction if one is open. */
    | { readonly kind: 'rollback' }
    /** Closes the connection; a writer first checkpoints the write-ahead log into the database. */
    | { readonly kind: 'close' }
  );

export type WorkerResponse =
  | { readonly id: number; readonly ok: true; readonly rows: unknown[]; readonly changes: number }
  | { readonly id: number; readonly ok: false; readonly code: string; readonly message: string };
