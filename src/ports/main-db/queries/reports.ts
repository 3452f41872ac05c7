/** Reports of players' pages: errors and reconnects. */
import type { Selectable } from 'kysely';
import type { Reader, Tx } from '../main-db.ts';
import type { ClientReportRow } from '../schema.ts';

export type StoredReport = Selectable<ClientReportRow>;
export type NewReport = Omit<StoredReport, 'id'>;

/** Reports per call of `insertReports`, which throws if there are more. */
export const REPORTS_MAX = 50;

export async function insertReports(tx: Tx, reports: readonly NewReport[]): Promise<void> {
  if (reports.length === 0) return;
  if (reports.length > REPORTS_MAX) throw new Error(`${reports.length} reports at once`);
  await tx
    .insertInto('client_reports')
    .values([...reports])
    .execute();
}

/** Counts of reports since `from` (wall clock ms), by kind. */
export async function countReports(
  read: Reader,
  from: number,
): Promise<readonly { readonly kind: string; readonly count: number }[]> {
  return read
    .selectFrom('client_reports')
    .select(['kind', (select) => select.fn.countAll<number>().as('count')])
    .where('reported_at', '>=', from)
    .groupBy('kind')
    .orderBy('kind')
    .execute();
}

/** The newest reports, for the operator. */
export async function newestReports(read: Reader, limit: number): Promise<readonly StoredReport[]> {
  return read.selectFrom('client_reports').selectAll().orderBy('id', 'desc').limit(limit).execute();
}
