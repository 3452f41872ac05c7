/**
 * Builds the code of a game: `rules.ts` and `client/main.tsx`, each into one minified module without imports. A
 * release must work for years, so it contains its own Preact. A room pins the hash of the built rules, so the same
 * source always gives the same bytes: the output contains no path, date or comment of the source.
 */
import { join, relative } from 'node:path';
import type { GameFault } from './game-yaml.ts';

export interface BuiltFile {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
}

export interface GameBundle {
  readonly rules: Uint8Array<ArrayBuffer>;
  readonly client: Uint8Array<ArrayBuffer>;
  readonly styles: Uint8Array<ArrayBuffer> | null;
  /** Pictures and fonts that the styles refer to; they must be stored in the same folder under these names. */
  readonly styleFiles: readonly BuiltFile[];
}

export type GameBundleOutcome =
  | { readonly ok: true; readonly bundle: GameBundle }
  | { readonly ok: false; readonly faults: readonly GameFault[] };

/** What a game may import in addition to its own files; resolved from here, wherever the folder of the game is. */
const PROVIDED = /^(preact|@escapement\/sdk)(\/[a-z/-]+)?$/;

type Built =
  | { readonly ok: true; readonly outputs: readonly Bun.BuildArtifact[] }
  | { readonly ok: false; readonly faults: readonly GameFault[] };

/** Returns all faults of both builds. */
export async function bundleGame(folder: string): Promise<GameBundleOutcome> {
  const [rules, client] = await Promise.all([build(folder, 'rules.ts'), build(folder, 'client/main.tsx')]);
  if (!rules.ok || !client.ok) {
    const faults = [...(rules.ok ? [] : rules.faults), ...(client.ok ? [] : client.faults)];
    return { ok: false, faults: withoutRepeats(faults) };
  }
  const styles = client.outputs.find(({ path }) => path.endsWith('.css'));
  return {
    ok: true,
    bundle: {
      rules: await entry(rules.outputs),
      client: await entry(client.outputs),
      styles: styles ? await bytesOf(styles) : null,
      styleFiles: await Promise.all(
        client.outputs
          .filter(({ kind }) => kind === 'asset')
          .filter((output) => output !== styles)
          .map(async (output) => ({
            name: output.path.replace(/^\.?\//, ''),
            bytes: await bytesOf(output),
            contentType: output.type,
          })),
      ),
    },
  };
}

async function build(folder: string, file: string): Promise<Built> {
  const path = join(folder, file);
  if (!(await Bun.file(path).exists()))
    return { ok: false, faults: [{ file, line: null, message: 'is missing' }] };
  const result = await Bun.build({
    entrypoints: [path],
    root: folder,
    target: 'browser',
    format: 'esm',
    minify: true,
    env: 'disable',
    define: { 'process.env.NODE_ENV': '"production"' },
    jsx: { runtime: 'automatic', importSource: 'preact', development: false },
    naming: { entry: '[name].[ext]', asset: '[name]-[hash].[ext]' },
    throw: false,
    plugins: [provided],
  });
  if (!result.success) return { ok: false, faults: result.logs.map((log) => toFault(folder, file, log)) };
  const [code] = result.outputs;
  const exported = code ? new Bun.Transpiler({ loader: 'js' }).scan(await code.text()).exports : [];
  if (!exported.includes('default')) {
    const expected = file === 'rules.ts' ? 'the result of defineGame' : 'the result of defineClient';
    return { ok: false, faults: [{ file, line: null, message: `must export ${expected} as default` }] };
  }
  return { ok: true, outputs: result.outputs };
}

const provided: Bun.BunPlugin = {
  name: 'provided',
  setup(builder) {
    builder.onResolve({ filter: PROVIDED }, ({ path }) => ({ path: Bun.resolveSync(path, import.meta.dir) }));
  },
};

function toFault(folder: string, entryFile: string, log: BuildMessage | ResolveMessage): GameFault {
  const { position } = log;
  return {
    file: position?.file ? relative(folder, position.file) : entryFile,
    line: position?.line ?? null,
    message: log.message,
  };
}

/** Rules and views share files, so both builds may find the same fault. */
function withoutRepeats(faults: readonly GameFault[]): GameFault[] {
  return [
    ...new Map(faults.map((fault) => [`${fault.file}:${fault.line}:${fault.message}`, fault])).values(),
  ];
}

async function entry(outputs: readonly Bun.BuildArtifact[]): Promise<Uint8Array<ArrayBuffer>> {
  const found = outputs.find(({ kind }) => kind === 'entry-point');
  if (!found) throw new Error('a build without an entry point');
  return bytesOf(found);
}

async function bytesOf(artifact: Bun.BuildArtifact): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await artifact.arrayBuffer());
}
