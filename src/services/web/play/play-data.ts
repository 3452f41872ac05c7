/** The data that the play page carries for its script. Shared by the server and the script. */
import type { JoinAnswer } from '@escapement/sdk/session-api';

export interface PlayData {
  readonly room: string;
  readonly release: string;
  /** API level of the release. */
  readonly api: 1;
  readonly locale: string;
  /** The game's title in this language. */
  readonly title: string;
  readonly minutes: number;
  /** Addresses of the release's script and of its texts in this language. */
  readonly client: string;
  readonly gameTexts: string;
  /** Path under `assets/` → address. */
  readonly assets: { readonly [path: string]: string };
  /** `/e/<token>` */
  readonly endPage: string;
  /** Created with the page, so that the first connection needs no join call. */
  readonly join: JoinAnswer;
  /** The shell's texts: ICU messages. */
  readonly texts: { readonly [key: string]: string };
}

/** A report that a page sends about itself to `POST /api/reports`. */
export interface PageReport {
  readonly kind: string;
  readonly detail: string;
}
export const REPORTS_PER_BATCH_MAX = 20;
export const REPORT_KIND_LENGTH_MAX = 40;
export const REPORT_DETAIL_LENGTH_MAX = 2_000;

/** Stored by the play page for the end page, in localStorage under `endKey(endPage)`. */
export interface EndSummary {
  readonly durationMs: number;
  readonly hints: number;
  readonly players: number;
  /** In the order in which they were solved. */
  readonly puzzles: readonly { readonly id: string; readonly name: string; readonly atMs: number }[];
}

export function endKey(endPage: string): string {
  return `escapement${endPage}`;
}
