/**
 * What the page tells the studio about itself: errors, reconnects and their causes, in small
 * batches. Bounded everywhere: a page that fails in a loop says so once and is counted.
 */
import { REPORT_DETAIL_LENGTH_MAX, REPORT_KIND_LENGTH_MAX, REPORTS_PER_BATCH_MAX } from '../../play-data.ts';
import type { PageReport } from '../../play-data.ts';

/** Everything one page ever reports. */
export const REPORTS_PER_PAGE_MAX = 200;
export const BATCH_MS = 10_000;
/** How many different ones wait at most. */
const WAITING_MAX = 2 * REPORTS_PER_BATCH_MAX;

export interface ReporterWorld {
  after(ms: number, run: () => void): () => void;
  /** False = try again with the next batch. */
  send(reports: readonly PageReport[]): Promise<boolean>;
}

export interface Reporter {
  report(kind: string, detail: string): void;
  /** Sends what waits now: the page is about to go. */
  flush(): void;
}

export function createReporter(world: ReporterWorld): Reporter {
  /** `kind detail` → how often. */
  let waiting = new Map<string, PageReport & { times: number }>();
  let taken = 0;
  let planned: (() => void) | null = null;

  const plan = () => {
    planned ??= world.after(BATCH_MS, () => {
      planned = null;
      flush();
    });
  };

  const add = (report: PageReport, times: number) => {
    const key = `${report.kind} ${report.detail}`;
    const known = waiting.get(key);
    if (known) known.times += times;
    else if (waiting.size < WAITING_MAX) waiting.set(key, { ...report, times });
  };

  const flush = () => {
    const batch = [...waiting.values()].slice(0, REPORTS_PER_BATCH_MAX);
    if (batch.length === 0) return;
    const rest = [...waiting].slice(batch.length);
    waiting = new Map(rest);
    if (rest.length > 0) plan();
    const told = batch.map(({ kind, detail, times }) => ({
      kind,
      detail: (times > 1 ? `(${times} times) ${detail}` : detail).slice(0, REPORT_DETAIL_LENGTH_MAX),
    }));
    void world.send(told).then((ok) => {
      if (ok) return;
      for (const { times, ...report } of batch) add(report, times);
      plan();
    });
  };

  return {
    report(kind, detail) {
      if (taken++ >= REPORTS_PER_PAGE_MAX) return;
      add(
        { kind: kind.slice(0, REPORT_KIND_LENGTH_MAX), detail: detail.slice(0, REPORT_DETAIL_LENGTH_MAX) },
        1,
      );
      plan();
    },
    flush,
  };
}
