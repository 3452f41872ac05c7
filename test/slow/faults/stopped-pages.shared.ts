/** Options and output of the process of pages. */
export interface PagesOptions {
  readonly port: number;
  readonly room: string;
  readonly seats: readonly number[];
  readonly everyMs: number;
}

export type PagesSaw = readonly {
  readonly name: string;
  readonly made: number;
  readonly order: readonly string[];
  readonly reports: readonly string[];
}[];
