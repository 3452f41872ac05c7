/**
 * Sends reports of the page to the server: errors, reconnects and their causes, in small batches. Everything is
 * bounded; equal reports are combined into one with a count.
 */
import {
  REPORT_DETAIL_LENGTH_MAX,
  REPORT_KIND_LENGTH_MAX,
  REPORTS_PER_BATCH_MAX,
} from '../../play/play-data.ts';
import type { PageReport } from '../../play/play-data.ts';

/** Reports that one page sends during its lifetime. */
export const REPORTS_PER_PAGE_MAX = 200;
export const BATCH_MS = 10_000;
/** Different reports that wait to be sent; further ones are dropped. */
const WAITING_MAX = 2 * REPORTS_PER_BATCH_MAX;

export interface ReporterDeps {
  after(ms: number, run: () => void): () => void;
  /** False = send them again with the next batch. */
  send(reports: readonly PageReport[]): Promise<boolean>;
}

export interface Reporter {
  report(kind: string, detail: string): void;
  /** Sends the waiting reports now, because the page is being closed. */
  flush(): void;
}

export function createReporter(deps: ReporterDeps): Reporter {
  /** `kind detail` → the report with its count. */
  let waiting = new Map<string, PageReport & { times: number }>();
  let taken = 0;
  let scheduled: (() => void) | null = null;

  const schedule = () => {
    scheduled ??= deps.after(BATCH_MS, () => {
      scheduled = null;
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
    if (rest.length > 0) schedule();
    const reports = batch.map(({ kind, detail, times }) => ({
      kind,
      detail: (times > 1 ? `(${times} times) ${detail}` : detail).slice(0, REPORT_DETAIL_LENGTH_MAX),
    }));
    void deps.send(reports).then((ok) => {
      if (ok) return;
      for (const { times, ...report } of batch) add(report, times);
      schedule();
    });
  };

  return {
    report(kind, detail) {
      if (taken++ >= REPORTS_PER_PAGE_MAX) return;
      add(
        { kind: kind.slice(0, REPORT_KIND_LENGTH_MAX), detail: detail.slice(0, REPORT_DETAIL_LENGTH_MAX) },
        1,
      );
      schedule();
    },
    flush,
  };
}
