/** What passes between the program and the thread in which SQLite lives. */

export type ToWorker = { readonly id: number } & (
  | { readonly kind: 'open'; readonly path: string }
  | {
      readonly kind: 'query';
      readonly on: 'read' | 'write';
      readonly sql: string;
      readonly parameters: readonly unknown[];
      /** A statement that begins a transaction, run just before; saves a message per transaction. */
      readonly begin?: string;
    }
  /** Queries of the reading connection as of one moment; the answer's rows are one list for each. */
  | {
      readonly kind: 'snapshot';
      readonly queries: readonly { readonly sql: string; readonly parameters: readonly unknown[] }[];
    }
  /** Ends the transaction if there still is one. */
  | { readonly kind: 'rollback'; readonly on: 'read' | 'write' }
  /** Empties the write-ahead log into the database and closes both connections. */
  | { readonly kind: 'close' }
);

export type FromWorker =
  | { readonly id: number; readonly ok: true; readonly rows: unknown[]; readonly changes: number }
  | { readonly id: number; readonly ok: false; readonly code: string; readonly message: string };
