/** The studio's own settings: `studio.yaml` and `legal/*.md`. A change shows on every page and mail. */
import { z } from 'zod';

const colour = z.string().regex(/^#[0-9a-f]{6}$/i, 'write a colour as #rrggbb');

export const studioSchema = z.strictObject({
  name: z.string().min(1).max(60),
  /** Path of an SVG or PNG beside studio.yaml. */
  logo: z.string(),
  colours: z.strictObject({ accent: colour, ink: colour, paper: colour }),
  /** From line of mails. */
  sender: z.strictObject({ name: z.string(), email: z.email() }),
  support: z.strictObject({ email: z.email(), hours: z.string().optional() }),
  /** Where the studio sits: ISO 3166-1 alpha-2; its VAT applies to the first sales. */
  country: z.string().length(2),
  /** Parts per 10,000. */
  vatRate: z.int().min(0).max(3000),
});
export type StudioSettings = z.infer<typeof studioSchema>;

export type LegalPage = 'imprint' | 'privacy' | 'terms';

export interface Studio extends StudioSettings {
  readonly logoFile: { readonly bytes: Uint8Array<ArrayBuffer>; readonly contentType: string };
  /** Markdown by page and locale (`legal/imprint.en.md`), falling back to the first one there is. */
  legal(page: LegalPage, locale: string): string;
}
