/** This side of a SQLite thread: questions go out with a number, answers come back with it. */
import type { CompiledQuery } from 'kysely';
import { MainDbError, StatementError } from './errors.ts';
import type { Rows } from './main-db.ts';
import type { FromWorker, ToWorker } from './sqlite-messages.ts';

type Question = ToWorker extends infer Each
  ? Each extends { id: number }
    ? Omit<Each, 'id'>
    : never
  : never;
export interface Answer {
  readonly rows: unknown[];
  readonly changes: number;
}
interface Asker {
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

/** Questions on their way at once; a further one is refused. */
const OUTSTANDING_MAX = 10_000;

export class SqliteThread {
  private readonly worker: Worker;
  private readonly askers = new Map<number, Asker>();
  private lastId = 0;
  private gone: MainDbError | null = null;
  private readonly onLost: (error: MainDbError) => void;

  /** `onLost`: the thread died by itself; everything under way has an unknown outcome. */
  constructor(onLost: (error: MainDbError) => void) {
    this.onLost = onLost;
    this.worker = new Worker(new URL('./sqlite-worker.ts', import.meta.url).href);
    this.worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.take(data);
    this.worker.onerror = (event) => {
      event.preventDefault();
      this.lose(event.message);
    };
    this.worker.addEventListener('close', () => this.lose('it ended'));
  }

  ask(question: Question): Promise<Answer> {
    if (this.gone) return Promise.reject(this.gone);
    if (this.askers.size >= OUTSTANDING_MAX) {
      const busy = `More than ${OUTSTANDING_MAX} queries wait for the database.`;
      return Promise.reject(new MainDbError('database-busy', busy));
    }
    const id = ++this.lastId;
    return new Promise((resolve, reject) => {
      this.askers.set(id, { resolve, reject });
      this.worker.postMessage({ id, ...question });
    });
  }

  /** The rows of each query, all as of one moment. */
  async snapshot<T extends readonly CompiledQuery[]>(queries: readonly [...T]): Promise<Rows<T>> {
    // Only what the thread needs: the rest of a compiled query is large, and would be copied.
    const asked = queries.map(({ sql, parameters }) => ({ sql, parameters }));
    const { rows } = await this.ask({ kind: 'snapshot', queries: asked });
    return rows as unknown as Rows<T>;
  }

  /** Closes the database, then ends the thread. */
  async close(): Promise<void> {
    if (this.gone) return;
    const closed = this.ask({ kind: 'close' });
    this.gone = new MainDbError('database-closed', 'The main database is closed.');
    await closed;
    this.worker.terminate();
  }

  /** Ends the thread as a crash would. For tests of what happens then. */
  kill(): void {
    this.worker.terminate();
    this.lose('it was killed');
  }

  private take(answer: FromWorker): void {
    const asker = this.askers.get(answer.id);
    this.askers.delete(answer.id);
    if (answer.ok) asker?.resolve(answer);
    else asker?.reject(new StatementError(answer.code, answer.message));
  }

  private lose(why: string): void {
    if (this.gone) return;
    this.gone = new MainDbError('database-lost', `The thread of the main database is gone: ${why}.`);
    const outstanding = [...this.askers.values()];
    this.askers.clear();
    for (const asker of outstanding) asker.reject(this.gone);
    this.onLost(this.gone);
  }
}
