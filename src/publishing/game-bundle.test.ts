import { afterAll, beforeAll, describe, expect, test, setDefaultTimeout } from 'bun:test';
import { createHash } from 'node:crypto';
import { type DemoGame, demoGame } from '../../test/support/games/demo-game.ts';
import { bundleGame } from './game-bundle.ts';

// The first test builds, which takes longer than the default timeout on a busy machine.
setDefaultTimeout(30_000);

let one: DemoGame;
let other: DemoGame;
beforeAll(async () => {
  one = await demoGame();
  other = await demoGame();
});
afterAll(async () => {
  await one.remove();
  await other.remove();
});

function hash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function hashes(folder: string): Promise<{ rules: string; client: string }> {
  const built = await bundleGame(folder);
  if (!built.ok) throw new Error(JSON.stringify(built.faults));
  return { rules: hash(built.bundle.rules), client: hash(built.bundle.client) };
}

describe('building a game', () => {
  test('the same source gives the same bytes, in any folder and in another process', async () => {
    const here = await hashes(one.folder);
    expect(await hashes(other.folder)).toEqual(here);
    const script = `
      const { bundleGame } = await import(${JSON.stringify(import.meta.resolve('./game-bundle.ts'))});
      const built = await bundleGame(${JSON.stringify(one.folder)});
      process.stdout.write(Bun.SHA256.hash(built.bundle.rules, 'hex'));
    `;
    const child = Bun.spawn([process.execPath, '-e', script], { stdout: 'pipe' });
    expect(await new Response(child.stdout).text()).toBe(here.rules);
  });

  test('a comment in the rules changes nothing, a rule does', async () => {
    const before = await hashes(other.folder);
    await other.edit('rules.ts', '// Counts to three.', '/** Counts up, slowly. */\n\n// To three.');
    expect(await hashes(other.folder)).toEqual(before);
    await other.edit('rules.ts', 'done: count >= 3', 'done: count >= 4');
    expect((await hashes(other.folder)).rules).not.toBe(before.rules);
  });

  test('a fault in the code names its file and line', async () => {
    const broken = await demoGame();
    await broken.write(
      'client/main.tsx',
      "import rules from '../rules.ts';\nimport x from './nowhere.ts';\nexport default x;\n",
    );
    await broken.edit('rules.ts', 'init: () =>', 'init: ((');
    const built = await bundleGame(broken.folder);
    const faults = built.ok ? [] : built.faults;
    expect(faults.map(({ file, line }) => `${file}:${line}`)).toContain('rules.ts:9');
    await broken.remove();
  });

  test('a module that is not provided for games is refused with its line', async () => {
    const broken = await demoGame();
    await broken.edit(
      'client/main.tsx',
      "import { render } from 'preact';",
      "import { render } from 'preact';\nimport 'lodash';",
    );
    const built = await bundleGame(broken.folder);
    expect(built.ok ? [] : built.faults).toEqual([
      { file: 'client/main.tsx', line: 3, message: expect.stringContaining('lodash') },
    ]);
    await broken.remove();
  });

  test('code without its default export is refused', async () => {
    const broken = await demoGame();
    await broken.edit('rules.ts', 'export default defineGame', 'export const rules = defineGame');
    await broken.edit(
      'client/main.tsx',
      "import rules from '../rules.ts'",
      "import { rules } from '../rules.ts'",
    );
    const built = await bundleGame(broken.folder);
    expect(built.ok ? [] : built.faults).toEqual([
      { file: 'rules.ts', line: null, message: 'must export the result of defineGame as default' },
    ]);
    await broken.remove();
  });
});
