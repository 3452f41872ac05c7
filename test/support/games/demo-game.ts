/** A small game in a folder of its own, for tests of publishing and of the pages around a game. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const FILES: { readonly [path: string]: string } = {
  'game.yaml': `api: 1
players: { min: 1, max: 4 }
minutes: 5
prices: { EUR: 490 }
free: true
languages: [en, de]
cover: cover.svg
texts:
  en: { title: Demo, tagline: A tagline., description: A description., accessibility: None. }
  de: { title: Demo, tagline: Eine Zeile., description: Eine Beschreibung., accessibility: Nichts. }
`,
  'rules.ts': `// Counts to three.
import { defineGame } from '@escapement/sdk';

interface State { readonly count: number; readonly hints: { readonly [puzzle: string]: number } }
type Move = { readonly type: 'add' } | { readonly type: 'hint'; readonly puzzle: string; readonly step: number };

export default defineGame<State, Move>({
  init: () => ({ count: 0, hints: {} }),
  parse: (value) => value as Move,
  apply(state, move) {
    if (move.type === 'add') return { ...state, count: state.count + 1 };
    return { ...state, hints: { ...state.hints, [move.puzzle]: move.step } };
  },
  progress: ({ count, hints }) => ({
    puzzles: [{ id: 'count', state: count >= 3 ? 'solved' : 'open' }],
    done: count >= 3,
    hints: Object.values(hints).reduce((sum, steps) => sum + steps, 0),
  }),
  hints: () => ['hint.count.1', 'hint.count.2'],
});
`,
  'client/main.tsx': `/** @jsxImportSource preact */
import { render } from 'preact';
import { defineClient } from '@escapement/sdk';
import rules from '../rules.ts';
import './main.css';

export default defineClient({
  api: 1,
  rules,
  mount(host) {
    const draw = () =>
      render(
        <button class="demo" onClick={() => host.send({ type: 'add' })}>
          {host.t('count', { count: host.state().count + host.pending().length })}
        </button>,
        host.root,
      );
    draw();
    return host.onChange(draw);
  },
});
`,
  'client/main.css': '.demo { font-size: 3rem; position: absolute; inset: 0; }\n',
  'locales/en.json': JSON.stringify({
    count: '{count, plural, =0 {Nothing yet} one {# click} other {# clicks}}',
    'puzzle.count': 'Counting',
    'hint.count.1': 'Click.',
    'hint.count.2': 'Click three times.',
  }),
  'locales/de.json': JSON.stringify({
    count: '{count, plural, =0 {Noch nichts} one {# Klick} other {# Klicks}}',
    'puzzle.count': 'Zählen',
    'hint.count.1': 'Klick.',
    'hint.count.2': 'Klick dreimal.',
  }),
  'assets/cover.svg':
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 9"><path d="M0 0h16v9H0z"/></svg>',
};

export interface DemoGame {
  /** The folder of all games; this one is in `<games>/demo`. */
  readonly games: string;
  readonly folder: string;
  write(path: string, content: string): Promise<void>;
  /** Replaces a piece of a file, which must be there. */
  edit(path: string, from: string, to: string): Promise<void>;
  remove(): Promise<void>;
}

export async function demoGame(): Promise<DemoGame> {
  const games = await mkdtemp(join(tmpdir(), 'escapement-games-'));
  const folder = join(games, 'demo');
  const write = async (path: string, content: string) => {
    await Bun.write(join(folder, path), content);
  };
  await Promise.all(Object.entries(FILES).map(([path, content]) => write(path, content)));
  return {
    games,
    folder,
    write,
    async edit(path, from, to) {
      const before = await Bun.file(join(folder, path)).text();
      if (!before.includes(from)) throw new Error(`${path} has no ${from}`);
      await write(path, before.replace(from, to));
    },
    remove: () => rm(games, { recursive: true, force: true }),
  };
}
