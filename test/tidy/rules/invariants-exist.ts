/**
 * Comments, test titles and documents name invariants by number (`I3`). Each number must be one of
 * ARCHITECTURE.md, and nothing refers to the numbered rules of another list.
 */
import type { Rule, Violation } from '../rule.ts';
import type { SourceFile } from '../repository.ts';
import { dotted, walk } from '../walk.ts';

const PAGE = 'ARCHITECTURE.md';
/** An invariant is declared by a bold paragraph head: `**I3 A resend is harmless.**` */
const DECLARED = /\*\*I(\d+) /g;
const NAMED = /\bI(\d{1,2})\b/g;
const OTHER_LIST = /\brules? \d+/i;
const TITLED = /^(test|describe|it)(\.\w+)*$/;

export const invariantsExist: Rule = {
  name: 'invariants-exist',
  check({ code, files, find }) {
    const declared = new Set(
      [...(find(PAGE)?.text ?? '').matchAll(DECLARED)].map(([, number]) => number ?? ''),
    );
    const complain = (path: string, line: number, text: string): readonly Violation[] => [
      ...[...text.matchAll(NAMED)]
        .filter(([, number]) => !declared.has(number ?? ''))
        .map(([name]) => ({ path, line, message: `${name} is no invariant of ${PAGE}: name one that is` })),
      ...(OTHER_LIST.test(text)
        ? [
            {
              path,
              line,
              message: `"${OTHER_LIST.exec(text)?.[0]}": name the invariant of ${PAGE} (I1, I2 …)`,
            },
          ]
        : []),
    ];
    return [
      ...code.flatMap((file) => [
        ...file.comments.flatMap(({ value, start }) => complain(file.path, file.lineOf(start), value)),
        ...titlesOf(file).flatMap(({ title, offset }) => complain(file.path, file.lineOf(offset), title)),
      ]),
      ...files
        .filter(({ path }) => path.endsWith('.md'))
        .flatMap(({ path, lines }) => lines.flatMap((line, index) => complain(path, index + 1, line))),
    ];
  },
};

function titlesOf(file: SourceFile): { readonly title: string; readonly offset: number }[] {
  const found: { readonly title: string; readonly offset: number }[] = [];
  walk(file.program, (node) => {
    if (node.type !== 'CallExpression' || !TITLED.test(dotted(node.callee) ?? '')) return;
    const [title] = node.arguments;
    if (title?.type === 'Literal' && typeof title.value === 'string') {
      found.push({ title: title.value, offset: title.start });
    }
  });
  return found;
}
