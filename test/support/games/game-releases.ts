/**
 * A copy of a real game in a folder of its own, from which a test publishes one release after another: with
 * its own or with changed rules, and with a picture and text of the test on the stage.
 */
import { cp, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from '../processes/command-line.ts';

export interface GameRelease {
  /** Changed: the hatch is open from the beginning. */
  readonly rules: 'own' | 'changed';
  /** Width of the picture, px. */
  readonly picture: number;
  readonly words: string;
}

export interface GameReleases {
  /** For `--games-dir`. */
  readonly path: string;
  write(release: GameRelease): Promise<void>;
}

/** Selector of the picture on the stage; its `alt` has the text. */
export const PICTURE = '#release';

const CLIENT = `/** The game's own views, and a picture before them. */
import { defineClient } from '@escapement/sdk';
import own from './main-own.tsx';

export default defineClient({
  ...own,
  mount(host) {
    const takeDown = own.mount(host);
    const picture = new Image();
    picture.id = 'release';
    picture.src = host.asset('release.svg');
    picture.alt = host.t('release');
    picture.style.cssText = 'position: absolute; inset: auto 0 0 auto';
    host.root.append(picture);
    return () => {
      picture.remove();
      takeDown();
    };
  },
});
`;

const CHANGED_RULES = `/** The game's own rules, but for how it begins. */
import { defineGame } from '@escapement/sdk';
import own from './rules-own.ts';

export default defineGame({ ...own, init: (setup) => ({ ...own.init(setup), hatch: true }) });
`;

/** Copies `games/<slug>` below `folder`. */
export async function gameReleases(folder: string, slug: string): Promise<GameReleases> {
  const path = join(folder, 'games');
  const game = join(path, slug);
  await mkdir(path);
  await cp(join(ROOT, 'games', slug), game, { recursive: true });
  await rename(join(game, 'client/main.tsx'), join(game, 'client/main-own.tsx'));
  await writeFile(join(game, 'client/main.tsx'), CLIENT);
  const ownRules = await readFile(join(game, 'rules.ts'));
  await writeFile(join(game, 'rules-own.ts'), ownRules);
  const locales = (await readdir(join(game, 'locales'))).map((name) => join(game, 'locales', name));
  return {
    path,
    async write({ rules, picture, words }) {
      await writeFile(join(game, 'rules.ts'), rules === 'own' ? ownRules : CHANGED_RULES);
      await writeFile(join(game, 'assets/release.svg'), pictureOf(picture));
      for (const locale of locales) {
        const texts = JSON.parse(await readFile(locale, 'utf8')) as { [key: string]: string };
        await writeFile(locale, JSON.stringify({ ...texts, release: words }));
      }
    },
  };
}

function pictureOf(width: number): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="10"><rect width="100%" height="10" fill="#d9a94f"/></svg>`;
}
