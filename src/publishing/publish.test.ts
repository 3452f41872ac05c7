import { afterEach, beforeEach, describe, expect, test, setDefaultTimeout } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DemoGame, demoGame } from '../../test/support/games/demo-game.ts';

import { realWorld } from '../lib/world.real.ts';
import { openDirectoryFiles } from '../ports/files/files.directory.ts';
import { openSqlite, type SqliteDb } from '../ports/main-db/main-db.sqlite.ts';
import {
  currentRelease,
  currentReleases,
  newestReleaseWithRules,
} from '../ports/main-db/queries/releases.ts';
import { processSandbox } from '../ports/sandbox/sandbox.process.ts';
import { faultLine, publish, publishAll, type PublishDeps, type PublishOutcome } from './publish.ts';

// The first test builds, which takes longer than the default timeout on a busy machine.
setDefaultTimeout(30_000);

let data: string;
let db: SqliteDb;
let deps: PublishDeps;
let game: DemoGame;
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'escapement-publish-'));
  db = await openSqlite({ path: join(data, 'main.db'), onLost: (error) => expect(error).toBeNull() });
  deps = {
    db,
    files: await openDirectoryFiles({ root: join(data, 'files'), ...realWorld }),
    world: realWorld,
    sandbox: processSandbox(realWorld.timers),
  };
  game = await demoGame();
});
afterEach(async () => {
  await db.close();
  await rm(data, { recursive: true, force: true });
  await game.remove();
});

type Published = Extract<PublishOutcome, { ok: true }>;
async function published(): Promise<Published> {
  const outcome = await publish(game.folder, deps);
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.faults));
  return outcome;
}

async function faultLines(): Promise<string[]> {
  const outcome = await publish(game.folder, deps);
  return outcome.ok ? [] : outcome.faults.map((fault) => faultLine('demo', fault));
}

describe('publishing a game', () => {
  test('limits are part of the manifest and make a new release, with the same rules', async () => {
    const before = await published();
    await game.edit(
      'game.yaml',
      'free: true',
      'free: true\nlimits: { player: { rate: 5, burst: 10 }, body: 512 }',
    );
    const after = await published();
    const release = await currentRelease(db.read, 'demo');
    expect(release?.manifest.limits).toEqual({ messageRate: 5, messageBurst: 10, bodyBytesMax: 512 });
    expect(after).toMatchObject({ changed: true, rulesHash: before.rulesHash });
  });

  test('every file of the manifest is stored, text also compressed', async () => {
    await published();
    const release = await currentRelease(db.read, 'demo');
    if (!release) throw new Error('the game has no release');
    const { manifest } = release;
    const paths = [manifest.client, manifest.rules, manifest.styles ?? '', manifest.locales['de'] ?? ''];
    for (const path of [...paths, manifest.assets['cover.svg'] ?? '']) {
      expect(await deps.files.has(path)).toBe(true);
      expect(await deps.files.has(`${path}.br`)).toBe(true);
    }
  });

  test('the same content again changes nothing', async () => {
    const first = await published();
    expect(first.changed).toBe(true);
    expect(await published()).toEqual({ ...first, changed: false });
    expect(await currentReleases(db.read)).toHaveLength(1);
  });

  test('a changed picture or text makes a new release with the same rules', async () => {
    const first = await published();
    await game.edit('assets/cover.svg', 'M0 0', 'M1 1');
    const second = await published();
    expect(second.rulesHash).toBe(first.rulesHash);
    expect(second.release).not.toBe(first.release);
    await game.edit('locales/en.json', 'Counting', 'Adding up');
    const third = await published();
    expect(third.rulesHash).toBe(first.rulesHash);
    expect((await newestReleaseWithRules(db.read, 'demo', first.rulesHash))?.id).toBe(third.release);
  });

  test('changed rules make a new rules hash, and rooms under the old ones still find their release', async () => {
    const first = await published();
    await game.edit('rules.ts', 'done: count >= 3', 'done: count >= 4');
    const second = await published();
    expect(second.rulesHash).not.toBe(first.rulesHash);
    expect((await currentRelease(db.read, 'demo'))?.id).toBe(second.release);
    expect((await newestReleaseWithRules(db.read, 'demo', first.rulesHash))?.id).toBe(first.release);
  });

  test('going back to an earlier content makes the earlier release current again', async () => {
    const first = await published();
    await game.edit('assets/cover.svg', 'M0 0', 'M1 1');
    await published();
    await game.edit('assets/cover.svg', 'M1 1', 'M0 0');
    expect(await published()).toEqual(first);
    expect((await currentRelease(db.read, 'demo'))?.id).toBe(first.release);
  });

  test('a faulty game leaves its last release on sale and the others published', async () => {
    const first = await published();
    await game.write('../other/game.yaml', 'api: 1\n');
    await game.edit('assets/cover.svg', 'M0 0', 'M2 2');
    await game.edit('rules.ts', 'init: () =>', 'init: ((');
    const outcomes = await publishAll(game.games, deps);
    expect(outcomes.map(({ ok, game: name }) => [name, ok])).toEqual([
      ['demo', false],
      ['other', false],
    ]);
    expect((await currentRelease(db.read, 'demo'))?.id).toBe(first.release);
    await game.edit('rules.ts', 'init: ((', 'init: () =>');
    expect((await publishAll(game.games, deps)).map(({ ok }) => ok)).toEqual([true, false]);
  });

  test('all faults are returned at once, with file and line', async () => {
    await game.edit('game.yaml', 'minutes: 5', 'minutes: five');
    await game.edit('rules.ts', 'init: () =>', 'init: ((');
    const lines = await faultLines();
    expect(lines).toContainEqual(expect.stringMatching(/^demo\/game\.yaml:3: minutes: /));
    expect(lines).toContainEqual(expect.stringMatching(/^demo\/rules\.ts:9: /));
  });

  test('every language must have the same keys', async () => {
    await game.edit('locales/de.json', 'hint.count.1', 'hint.count.one');
    expect(await faultLines()).toEqual([
      'demo/locales/de.json: hint.count.1 is missing; locales/en.json has it',
      'demo/locales/de.json:1: hint.count.one is not in locales/en.json',
    ]);
  });

  test('the cover must exist, and assets must be of a type that is served', async () => {
    await game.edit('game.yaml', 'cover: cover.svg', 'cover: nothing.svg');
    await game.write('assets/readme.doc', 'x');
    await game.write('assets/Upper.png', 'x');
    await game.write('assets/hollow.png', '');
    expect(await faultLines()).toEqual([
      expect.stringMatching(/^demo\/assets\/Upper\.png: name it with/),
      'demo/assets/hollow.png: is empty',
      expect.stringMatching(/^demo\/assets\/readme\.doc: not a type of file/),
      'demo/game.yaml: cover: there is no assets/nothing.svg',
    ]);
  });

  test('rules that cannot begin a game are refused', async () => {
    await game.edit('rules.ts', "state: count >= 3 ? 'solved' : 'open'", "state: 'maybe'");
    expect(await faultLines()).toEqual([expect.stringMatching(/^demo\/rules\.ts: puzzles\.0\.state: /)]);
  });

  test('a puzzle without a name is refused', async () => {
    await game.edit('rules.ts', "id: 'count'", "id: 'sum'");
    expect(await faultLines()).toEqual([
      'demo/locales/en.json: puzzle.sum is missing: the name of a puzzle of rules.ts',
    ]);
  });
});
