/** Reads YAML and validates it against a schema; faults are reported with their lines. */
import { isMap, isNode, isScalar, LineCounter, parseDocument, type Document } from 'yaml';
import type { z } from 'zod';

export interface YamlFault {
  /** Counted from 1. */
  readonly line: number;
  readonly message: string;
}

export type YamlOutcome<T, Fault> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly faults: readonly Fault[] };

export function parseYaml<T>(text: string, schema: z.ZodType<T>): YamlOutcome<T, YamlFault> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    const faults = document.errors.map(({ pos, message }) => ({ line: lines.linePos(pos[0]).line, message }));
    return { ok: false, faults };
  }
  const parsed = schema.safeParse(document.toJS({ maxAliasCount: 0 }));
  if (parsed.success) return { ok: true, value: parsed.data };
  const faults = parsed.error.issues.map((issue) => {
    // An unknown key is reported at its own line, not at that of the map.
    const path = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0] ?? ''] : issue.path;
    const what = issue.path.map(String).join('.') || 'the file';
    return { line: lineOf(document, path, lines), message: `${what}: ${issue.message}` };
  });
  return { ok: false, faults };
}

/** Faults as sentences: `studio.yaml:7: colours.ink: …`. `file` is used in them only. */
export function readYaml<T>(text: string, schema: z.ZodType<T>, file: string): YamlOutcome<T, string> {
  const read = parseYaml(text, schema);
  if (read.ok) return read;
  return { ok: false, faults: read.faults.map(({ line, message }) => `${file}:${line}: ${message}`) };
}

/** The line of the key or list item; if it is missing, that of the nearest enclosing one. */
function lineOf(document: Document, path: readonly PropertyKey[], lines: LineCounter): number {
  for (let length = path.length; length > 0; length--) {
    const offset = offsetOf(document, path.slice(0, length));
    if (offset !== null) return lines.linePos(offset).line;
  }
  return 1;
}

function offsetOf(document: Document, path: readonly PropertyKey[]): number | null {
  const last = String(path.at(-1));
  const parent = path.length > 1 ? document.getIn(path.slice(0, -1), true) : document.contents;
  if (isMap(parent)) {
    const key = parent.items.find((pair) => String(pair.key) === last)?.key;
    return isScalar(key) ? (key.range?.[0] ?? null) : null;
  }
  const item = document.getIn(path, true);
  return isNode(item) ? (item.range?.[0] ?? null) : null;
}
