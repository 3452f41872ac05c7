/** The files of lines by name, each loaded when it is measured: `npm run bench -- --only lines:<name>`. */
import type { MeasureLines } from './standalone.ts';

export const LINES: { readonly [name: string]: () => Promise<MeasureLines> } = {
  'rooms-10000': async () => (await import('./rooms-10000.ts')).manyRoomsLines,
  cost: async () => (await import('./cost.ts')).costLines,
  memory: async () => (await import('./memory.ts')).memoryLines,
  cursors: async () => (await import('./cursors.ts')).cursorLines,
  'low-rate': async () => (await import('./low-rate.ts')).lowRateLines,
  join: async () => (await import('./join-time.ts')).joinLines,
  restart: async () => (await import('./restart.ts')).restartLines,
  'with-pages': async () => (await import('./with-pages.ts')).withPagesLines,
  journal: async () => (await import('./journal-throughput.ts')).journalLines,
  'sdk-size': async () => (await import('./sdk-size.ts')).sdkSizeLines,
  start: async () => (await import('./start-time.ts')).startLines,
};
