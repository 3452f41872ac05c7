/** Sounds, texts and sizes are complete and within their limits; cues, signals and uses of items are right. */
import { describe, expect, test } from 'bun:test';
import { gzipSync } from 'node:zlib';
import { join } from 'node:path';
import { type Cue, cues } from './client/cues.ts';
import { decodeSignal, encodeSignal } from './client/signal.ts';
import { itemMove } from './client/use-item.ts';
import { VIEWS } from './client/view-model.ts';
import de from './locales/de.json';
import en from './locales/en.json';
import { ITEMS, type Move, type State } from './rules/state.ts';
import { initialState, play, playOut, playUntil } from './rules/testing.ts';

const folder = import.meta.dir;
const texts: { readonly [key: string]: string } = en;
const files = (pattern: string): string[] => [...new Bun.Glob(pattern).scanSync({ cwd: folder })].sort();
const read = (path: string): Promise<string> => Bun.file(join(folder, path)).text();
const sources = async (pattern: string): Promise<string> =>
  (await Promise.all(files(pattern).map(read))).join('\n');

describe('what a player downloads', () => {
  test('the views with their Preact are at most 45 KB compressed', async () => {
    const built = await Bun.build({
      entrypoints: [join(folder, 'client/main.tsx')],
      target: 'browser',
      minify: true,
      env: 'disable',
      define: { 'process.env.NODE_ENV': '"production"' },
      jsx: { runtime: 'automatic', importSource: 'preact', development: false },
    });
    const code = built.outputs.find(({ path }) => path.endsWith('.js'));
    expect(gzipSync((await code?.text()) ?? '').length).toBeLessThan(45 * 1024);
    expect(await code?.text()).toContain('svg');
  });

  test('all assets are at most 1 MB, an effect 30 KB, the music 400 KB', () => {
    const sizes = files('assets/**/*').map((path) => ({ path, size: Bun.file(join(folder, path)).size }));
    expect(sizes.reduce((sum, { size }) => sum + size, 0)).toBeLessThan(1024 * 1024);
    for (const { path, size } of sizes.filter(({ path: sound }) => sound.endsWith('.mp3'))) {
      expect(size).toBeLessThan((path.endsWith('music.mp3') ? 400 : 30) * 1024);
    }
  });

  test('every sound that is played has a file, and every file is played', async () => {
    const code = await sources('client/*.ts');
    const list = /const NAMES = \[(.*?)\]/s.exec(code)?.[1] ?? '';
    const names = [...list.matchAll(/'([a-z]+)'/g)].map(([, name]) => `assets/sounds/${name}.mp3`);
    expect([...names, 'assets/sounds/music.mp3'].sort()).toEqual(files('assets/sounds/*'));
  });
});

describe('texts', () => {
  test('both languages have the same keys, with the same placeholders', () => {
    const placeholders = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map(String).sort();
    expect(Object.keys(de)).toEqual(Object.keys(en));
    for (const [key, text] of Object.entries(de))
      expect([key, placeholders(text)]).toEqual([key, placeholders(texts[key] ?? '')]);
  });

  test('every key in the code has a text, and every text is used', async () => {
    const code = await sources('{client,rules}/**/*.{ts,tsx}');
    const used = [
      ...code.matchAll(
        /'((?:said|caption|spot|go|drawer|bird|train|run|posts|portraits|intro|ending|note)\.[\w.]+)'/g,
      ),
    ];
    for (const [, key] of used) expect(texts).toHaveProperty([key ?? '']);
    // Keys built at run time: the code contains only their prefix.
    const built = /^(hint|puzzle|item|face|keeper|mark|moon|post|bend|straight|note|intro)\./;
    const unused = Object.keys(en).filter((key) => !built.test(key) && !code.includes(`'${key}'`));
    expect(unused).toEqual([]);
  });
});

describe('cues', () => {
  const cuesOf = (before: State, ...moves: Move[]): Cue[] => [...cues(before, play(before, 2, ...moves))];
  const sounds = (all: readonly Cue[]): string[] => all.flatMap(({ sound }) => (sound ? [sound[0]] : []));

  test('there are none if nothing changed', () => {
    const state = initialState(1);
    expect(cues(state, structuredClone(state))).toEqual([]);
  });

  test('a bell is heard at its pitch and captioned for every player, also for the one who rang it', () => {
    const [cue] = cuesOf(initialState(1), { type: 'ring', bell: 3 });
    expect(cue).toMatchObject({ caption: 'caption.bell', values: { bell: 4 } });
    expect(cue?.sound?.[0]).toBe('bell');
  });

  test('a song is five notes one after another, with a caption that names them', () => {
    const held = play(initialState(1), 1, { type: 'take', item: 'key' });
    const all = cuesOf(held, { type: 'use', item: 'key', on: 'bird' });
    expect(sounds(all)).toEqual(['wind', 'pipe', 'pipe', 'pipe', 'pipe', 'pipe']);
    expect(all.at(-1)?.values).toEqual({ tune: held.bird.tune.map((bell) => bell + 1).join(' – ') });
  });

  test('a nut that does not arrive is announced; one that arrives wakes the dormouse', () => {
    const open = playUntil(12, ({ train }) => train.solved);
    const drop: Move = { type: 'use', item: 'nut', on: 'run' };
    expect(cuesOf(open, drop).map(({ announce }) => announce)).toContain('said.nutBack');
    const ready = playUntil(12, ({ run }) => run.solved);
    const all = cues({ ...ready, run: { ...ready.run, solved: false, rolls: 0 } }, ready);
    expect(all.map(({ announce }) => announce)).toContain('said.dormouse');
  });

  test('each text of a cue exists, along a whole game', () => {
    let before = initialState(33);
    for (const { move, seat } of playOut(33, [1, 2]).moves) {
      const after = play(before, seat, move);
      for (const cue of cues(before, after)) {
        for (const key of [cue.caption, cue.announce]) if (key) expect(texts).toHaveProperty([key]);
      }
      before = after;
    }
  });
});

describe('signals', () => {
  test('decode to what was encoded, and leave room for a cursor', () => {
    for (const view of VIEWS) {
      for (const item of ITEMS) {
        const signal = { view, x: -1234, y: -1234, item, anchor: 6 };
        const encoded = JSON.stringify(encodeSignal(signal));
        expect(encoded.length).toBeLessThan(30);
        expect(decodeSignal(JSON.parse(encoded))).toEqual(signal);
      }
      expect(decodeSignal(encodeSignal({ view }))).toEqual({ view });
    }
  });

  test('that are malformed decode to null', () => {
    for (const value of [null, undefined, 'loft', {}, [], [99], ['0'], [0, null], [-1], [0.5]]) {
      expect(decodeSignal(value)).toBeNull();
    }
    expect(decodeSignal([1, 2])).toEqual({ view: 'chamber' });
  });
});

test('an item works on its own targets, and on no others', () => {
  expect(itemMove('key', 'bird')).toEqual({ type: 'use', item: 'key', on: 'bird' });
  expect(itemMove('key', 'hatch')).toBeNull();
  expect(itemMove('wheel16', 'arbor2')).toEqual({ type: 'place', teeth: 16, arbor: 2 });
  expect(itemMove('wheel16', 'bag')).toEqual({ type: 'place', teeth: 16, arbor: -1 });
  expect(itemMove('wheel16', 'bird')).toBeNull();
  expect(itemMove('nut', 'bag')).toBeNull();
});
