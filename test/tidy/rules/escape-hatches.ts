/**
 * Nothing may switch off a check: types, lint, single tests. The exception is lint, for one line and one rule, with
 * the reason after two dashes.
 */
import type { SourceFile } from '../repository.ts';
import type { Rule, Violation } from '../rule.ts';
import { dotted, walk } from '../walk.ts';

const COMMENT = /@ts-(ignore|expect-error|nocheck)|(oxlint|eslint)-disable|\b(TODO|FIXME|XXX)\b/;
const EXCUSED = /^\s*oxlint-disable-next-line [\w/-]+ -- \S+ \S+/;
const TEST = /^(describe|test|it)\.(concurrent\.)?(only|skip|todo|failing)$/;

export const escapeHatches: Rule = {
  name: 'escape-hatches',
  check: ({ code }) => code.flatMap((file) => [...inComments(file), ...inCode(file)]),
};

function inComments(file: SourceFile): readonly Violation[] {
  return file.comments.flatMap(({ value, start }) => {
    const found = COMMENT.exec(value);
    if (!found || EXCUSED.test(value)) return [];
    return [
      {
        path: file.path,
        line: file.lineOf(start),
        message: `${found[0]}: fix what it hides; open work belongs in an issue`,
      },
    ];
  });
}

function inCode(file: SourceFile): readonly Violation[] {
  const found: Violation[] = [];
  const add = (start: number, message: string) =>
    found.push({ path: file.path, line: file.lineOf(start), message });
  walk(file.program, (node) => {
    if (node.type === 'TSAnyKeyword') add(node.start, 'any: write the type, or unknown and narrow it');
    const name = node.type === 'MemberExpression' ? dotted(node) : null;
    if (name !== null && TEST.test(name))
      add(node.start, `${name}: let the test run, or delete it; skipIf is for parts the machine lacks`);
  });
  return found;
}
