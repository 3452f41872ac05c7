/** Every file of lines by its name, loaded when it is measured. `npm run bench -- --only lines:<name>` */
import type { LinesOf } from './alone.ts';

export const LINES: { readonly [name: string]: () => Promise<LinesOf> } = {
  'rooms-10000': async () => (await import('./rooms-10000.ts')).manyRoomsLines,
  cost: async () => (await import('./cost.ts')).costLines,
  memory: async () => (await import('./memory.ts')).memoryLines,
  cursors: async () => (await import('./cursors.ts')).cursorLines,
  pace: async () => (await import('./pace.ts')).paceLines,
  join: async () => (await import('./join.ts')).joinLines,
  restart: async () => (await import('./restart.ts')).restartLines,
  'beside-pages': async () => (await import('./beside-pages.ts')).besidePagesLines,
  journal: async () => (await import('./journal.ts')).journalLines,
  'sdk-size': async () => (await import('./sdk-size.ts')).sdkSizeLines,
  start: async () => (await import('./start.ts')).startLines,
};
