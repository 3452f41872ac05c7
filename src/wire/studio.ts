/** The studio's settings, and the texts of pages and mails. */
import { join } from 'node:path';
import type { Settings } from '../config.ts';
import type { Studio } from '../domain/studio.ts';
import { OperatorError } from '../errors.ts';
import { loadTexts } from '../lib/texts.real.ts';
import { loadStudio } from '../ports/studio/studio.real.ts';

/** Relative to the program, not to the working directory. */
export const LOCALES = join(import.meta.dir, '../../locales');

/** Throws an OperatorError when `studio.yaml` or a file of `legal/` is not valid. */
export function studioOf({ studioDir }: Pick<Settings, 'studioDir'>): Studio {
  const loaded = loadStudio(studioDir, loadTexts(LOCALES).locales);
  if (!loaded.ok) throw new OperatorError('studio-invalid', { faults: loaded.faults.join('; ') });
  return loaded.studio;
}
