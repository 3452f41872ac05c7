/** Error reports that play pages send about themselves: validated and stored for the operator. */
import { z } from 'zod';
import { insertReports } from '../../../ports/main-db/queries/reports.ts';
import type { WebDeps } from '../deps.ts';
import { REPORT_DETAIL_LENGTH_MAX, REPORT_KIND_LENGTH_MAX, REPORTS_PER_BATCH_MAX } from './play-data.ts';

/** Control characters are replaced by spaces: an operator may print the texts on a terminal. */
const line = (max: number) =>
  z
    .string()
    .max(max)
    .transform((text) => text.replace(/[\p{Cc}\p{Cf}]/gu, ' '));

const batchSchema = z.strictObject({
  room: z.string().max(64),
  release: z.string().regex(/^[a-z0-9-]{1,64}$/),
  reports: z
    .array(z.strictObject({ kind: line(REPORT_KIND_LENGTH_MAX), detail: line(REPORT_DETAIL_LENGTH_MAX) }))
    .min(1)
    .max(REPORTS_PER_BATCH_MAX),
});
export type ReportBatch = z.infer<typeof batchSchema>;

/** Returns null if the body is not a valid batch. */
export function readReports(body: unknown): ReportBatch | null {
  return batchSchema.safeParse(body).data ?? null;
}

export async function storeReports(deps: WebDeps, { room, release, reports }: ReportBatch): Promise<void> {
  const reported_at = deps.world.clock.now();
  const rows = reports.map(({ kind, detail }) => ({ room, release, kind, detail, reported_at }));
  await deps.db.write((tx) => insertReports(tx, rows));
}
