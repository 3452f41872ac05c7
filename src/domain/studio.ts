/** The studio's settings: `studio.yaml` and `legal/*.md`. They are used on all pages and in all mails. */
import { z } from 'zod';

const colour = z.string().regex(/^#[0-9a-f]{6}$/i, 'write a colour as #rrggbb');

export const studioSchema = z.strictObject({
  name: z.string().min(1).max(60),
  /** Path of an SVG or PNG, relative to studio.yaml. */
  logo: z.string(),
  colours: z.strictObject({ accent: colour, ink: colour, paper: colour }),
  /** The From address of mails. */
  sender: z.strictObject({ name: z.string(), email: z.email() }),
  support: z.strictObject({ email: z.email(), hours: z.string().optional() }),
  /** The studio's country, ISO 3166-1 alpha-2. */
  country: z.string().length(2),
  /** Parts per 10,000. */
  vatRate: z.int().min(0).max(3000),
});
export type StudioSettings = z.infer<typeof studioSchema>;

export type LegalPage = 'imprint' | 'privacy' | 'terms';

export interface Studio extends StudioSettings {
  readonly logoFile: { readonly bytes: Uint8Array<ArrayBuffer>; readonly contentType: string };
  /** Markdown of a page (`legal/imprint.en.md`); if the locale is missing, of the first available one. */
  legal(page: LegalPage, locale: string): string;
}
