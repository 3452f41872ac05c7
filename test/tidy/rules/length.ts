/** Files and functions have a maximum length: a function fits on one screen. */
import type { Node } from 'oxc-parser';
import type { SourceFile } from '../repository.ts';
import type { Rule, Violation } from '../rule.ts';
import { dotted, walk } from '../walk.ts';

const FILE_LINES_MAX = 400;
const FUNCTION_LINES_MAX = 70;
const FUNCTIONS = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);
/** A suite may be of any length; each test in it is a function with its own limit. */
const SUITES = /^(describe|test|it|beforeEach|beforeAll|afterEach|afterAll)\b/;

export const length: Rule = {
  name: 'length',
  check: ({ files, code }) => [
    ...files.filter(({ path }) => /\.(ts|tsx|mjs|css)$/.test(path)).flatMap(longFile),
    ...code.flatMap(longFunctions),
  ],
};

function longFile({ path, lines }: SourceFile): readonly Violation[] {
  const count = lines.at(-1) === '' ? lines.length - 1 : lines.length;
  if (count <= FILE_LINES_MAX) return [];
  return [
    {
      path,
      line: null,
      message: `has ${count} lines, at most ${FILE_LINES_MAX}: split it by what changes for different reasons`,
    },
  ];
}

function longFunctions(file: SourceFile): readonly Violation[] {
  const found: Violation[] = [];
  const suites = new Set<Node>();
  walk(file.program, (node, around) => {
    if (node.type === 'CallExpression' && SUITES.test(dotted(node.callee) ?? calleeOfCall(node.callee))) {
      for (const one of around) suites.add(one);
    }
  });
  walk(file.program, (node) => {
    if (!FUNCTIONS.has(node.type) || suites.has(node)) return;
    const first = file.lineOf(node.start);
    const count = file.lineOf(node.end) - first + 1;
    if (count <= FUNCTION_LINES_MAX) return;
    found.push({
      path: file.path,
      line: first,
      message: `function of ${count} lines, at most ${FUNCTION_LINES_MAX}: extract a step into a named function`,
    });
  });
  return found;
}

/** `test.each(…)(…)`, `test.skipIf(…)(…)`. */
function calleeOfCall(callee: Node): string {
  return callee.type === 'CallExpression' ? (dotted(callee.callee) ?? '') : '';
}
