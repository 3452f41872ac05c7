/** The folder for mails that are not sent. */
import { join } from 'node:path';
import type { Settings } from '../config.ts';

export function outboxDir({ dataDir }: Pick<Settings, 'dataDir'>): string {
  return join(dataDir, 'outbox');
}
