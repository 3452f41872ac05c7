/** Settings in YAML, checked against a schema; what is wrong is told with file and line. */
import { LineCounter, parseDocument } from 'yaml';
import type { Document } from 'yaml';
import type { z } from 'zod';

export type YamlOutcome<T> =
  | { readonly ok: true; readonly value: T }
  /** One sentence per fault: `studio.yaml:7: colours.ink: write a colour as #rrggbb`. */
  | { readonly ok: false; readonly faults: readonly string[] };

/** `file` is only a name for the messages. */
export function readYaml<T>(text: string, schema: z.ZodType<T>, file: string): YamlOutcome<T> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  if (document.errors.length > 0) {
    return {
      ok: false,
      faults: document.errors.map((error) => `${file}:${lines.linePos(error.pos[0]).line}: ${error.message}`),
    };
  }
  const parsed = schema.safeParse(document.toJS({ maxAliasCount: 0 }));
  if (parsed.success) return { ok: true, value: parsed.data };
  const faults = parsed.error.issues.map((issue) => {
    const line = lineOf(document, issue.path, lines);
    return `${file}:${line}: ${issue.path.map(String).join('.') || 'the file'}: ${issue.message}`;
  });
  return { ok: false, faults };
}

/** The line of the value, or, where it is missing, of the nearest thing around it. */
function lineOf(document: Document, path: readonly PropertyKey[], lines: LineCounter): number {
  for (let length = path.length; length > 0; length -= 1) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (hasRange(node)) return lines.linePos(node.range[0]).line;
  }
  return 1;
}

function hasRange(node: unknown): node is { readonly range: readonly [number, number, number] } {
  return typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range);
}
