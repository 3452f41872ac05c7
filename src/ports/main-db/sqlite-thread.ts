/** The main thread's side of a SQLite thread: numbered requests, responses with the same number. */
import type { CompiledQuery } from 'kysely';
import { MainDbError, StatementError } from './errors.ts';
import type { Rows } from './main-db.ts';
import type { WorkerResponse, WorkerRequest } from './sqlite-messages.ts';

type QueryRequest = WorkerRequest extends infer Each
  ? Each extends { id: number }
    ? Omit<Each, 'id'>
    : never
  : never;
export interface QueryResponse {
  readonly rows: unknown[];
  readonly changes: number;
}
interface PendingRequest {
  resolve(response: QueryResponse): void;
  reject(error: Error): void;
}

/** Requests without a response; a further one is refused. */
const PENDING_MAX = 10_000;

export class SqliteThread {
  private readonly worker: Worker;
  private readonly pending = new Map<number, PendingRequest>();
  private lastId = 0;
  private closedWith: MainDbError | null = null;
  private readonly onLost: (error: MainDbError) => void;

  /** `onLost`: the thread ended unexpectedly; the outcome of all pending requests is unknown. */
  constructor(onLost: (error: MainDbError) => void) {
    this.onLost = onLost;
    this.worker = new Worker(new URL('./sqlite-worker.ts', import.meta.url).href);
    this.worker.onmessage = ({ data }: MessageEvent<WorkerResponse>) => this.onResponse(data);
    this.worker.onerror = (event) => {
      event.preventDefault();
      this.fail(event.message);
    };
    this.worker.addEventListener('close', () => this.fail('it ended'));
  }

  request(request: QueryRequest): Promise<QueryResponse> {
    if (this.closedWith) return Promise.reject(this.closedWith);
    if (this.pending.size >= PENDING_MAX) {
      const busy = `More than ${PENDING_MAX} queries wait for the database.`;
      return Promise.reject(new MainDbError('database-busy', busy));
    }
    const id = ++this.lastId;
    return new Promise((resolve, reject) => {
      this.pending.set(id, { resolve, reject });
      this.worker.postMessage({ id, ...request });
    });
  }

  /** Returns the rows of each query, all from one snapshot. */
  async snapshot<T extends readonly CompiledQuery[]>(queries: readonly [...T]): Promise<Rows<T>> {
    // Only the fields that the thread needs: a compiled query also holds its syntax tree, which would be copied.
    const sent = queries.map(({ sql, parameters }) => ({ sql, parameters }));
    const { rows } = await this.request({ kind: 'snapshot', queries: sent });
    return rows as unknown as Rows<T>;
  }

  /** Closes the database, then ends the thread. */
  async close(): Promise<void> {
    if (this.closedWith) return;
    const closed = this.request({ kind: 'close' });
    this.closedWith = new MainDbError('database-closed', 'The main database is closed.');
    await closed;
    this.worker.terminate();
  }

  /** Ends the thread at once. Unless it was closed, requests reject with `database-lost` and `onLost` is called. */
  kill(): void {
    this.worker.terminate();
    this.fail('it was killed');
  }

  private onResponse(response: WorkerResponse): void {
    const request = this.pending.get(response.id);
    this.pending.delete(response.id);
    if (response.ok) request?.resolve(response);
    else request?.reject(new StatementError(response.code, response.message));
  }

  private fail(why: string): void {
    if (this.closedWith) return;
    this.closedWith = new MainDbError('database-lost', `The thread of the main database is gone: ${why}.`);
    const pending = [...this.pending.values()];
    this.pending.clear();
    for (const request of pending) request.reject(this.closedWith);
    this.onLost(this.closedWith);
  }
}
