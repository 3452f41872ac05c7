/**
 * Words that no declared name may contain, because a reader cannot look them up, with the standard term to use
 * instead. A word counts only as a whole part of a name: `crowd` is refused in `crowdSize`, not in `crowded`.
 * Only words with no other meaning in this field are listed.
 */
import type { Node } from 'oxc-parser';
import type { SourceFile } from '../repository.ts';
import type { Rule, Violation } from '../rule.ts';
import { walk } from '../walk.ts';

const WHERE = /^(src|sdk|test|bench)\//;

const INSTEAD: { readonly [word: string]: string } = {
  adoption: 'recovery',
  allowance: 'token bucket, rate limit',
  company: 'members, presence',
  crowd: 'load runner, clients',
  crowded: 'backpressured',
  deed: 'action',
  deeds: 'actions',
  dialect: 'version adapter',
  door: 'admission control',
  edition: 'release',
  evening: 'scenario',
  farewell: 'drain notice',
  hall: 'load server',
  hears: 'receives',
  intake: 'read throttle, decoder',
  knows: 'has',
  heard: 'received',
  ledger: 'sequencer',
  lenient: 'salvage',
  looks: 'checks, polls',
  outlet: 'send buffer',
  pace: 'rate limit, interval',
  patience: 'timeout',
  patient: 'with timeouts',
  plant: 'mutant',
  planted: 'mutant',
  plants: 'mutants',
  says: 'reports, sends',
  tells: 'reports, sends',
  till: 'test provider',
  told: 'sent, reported, delivered',
  troubles: 'failures, retry tracker',
};

interface Exception {
  readonly path: RegExp;
  readonly name: string;
  readonly reason: string;
}

/** A name that must stay, with the reason in one line. */
const EXCEPTIONS: readonly Exception[] = [
  { path: /^src\/ports\/main-db\/sqlite-dialect\.ts$/, name: 'sqlite-dialect', reason: "Kysely's own term" },
  { path: /^src\/ports\/main-db\/sqlite-dialect\.ts$/, name: 'threadDialect', reason: "Kysely's own term" },
];

export const plainNames: Rule = {
  name: 'plain-names',
  check: ({ code }) =>
    code
      .filter(({ path }) => WHERE.test(path))
      .flatMap((file) => [...fileNameOf(file), ...declaredIn(file)])
      .filter(({ path, name }) => !EXCEPTIONS.some((one) => one.path.test(path) && one.name === name))
      .flatMap(({ path, line, name }): readonly Violation[] =>
        partsOf(name)
          .filter((part) => Object.hasOwn(INSTEAD, part))
          .map((part) => ({
            path,
            line,
            message: `${name}: "${part}" cannot be looked up; say ${INSTEAD[part]}`,
          })),
      ),
};

interface Declared {
  readonly path: string;
  readonly line: number | null;
  readonly name: string;
}

function fileNameOf({ path }: SourceFile): readonly Declared[] {
  return [{ path, line: null, name: path.slice(path.lastIndexOf('/') + 1).replace(/\..*/, '') }];
}

function declaredIn(file: SourceFile): readonly Declared[] {
  const found: Declared[] = [];
  walk(file.program, (node, around) => {
    const name = nameOf(node, around);
    if (name !== null) found.push({ path: file.path, line: file.lineOf(node.start), name });
  });
  return found;
}

/** The name, if `node` is an identifier in the place of a declared name. */
function nameOf(node: Node, around: readonly Node[]): string | null {
  const parent = around.at(-1);
  if (node.type !== 'Identifier' || parent === undefined) return null;
  return isDeclaration(node, parent) || isInPattern(node, parent, around.at(-2)) ? node.name : null;
}

const MEMBER = /^(PropertyDefinition|MethodDefinition|TSPropertySignature|TSMethodSignature)$/;

/** Of a variable, function, class, type, parameter or member. */
function isDeclaration(node: Node, parent: Node): boolean {
  if ('id' in parent && parent.id === node) return true;
  if ('params' in parent && Array.isArray(parent.params)) return parent.params.some((one) => one === node);
  if (parent.type === 'CatchClause') return parent.param === node;
  return MEMBER.test(parent.type) && 'key' in parent && parent.key === node;
}

/** In a destructuring pattern (`{ given: name }`, `[name]`, `...name`) or with a default value (`name = 1`). */
function isInPattern(node: Node, parent: Node, outer: Node | undefined): boolean {
  if (parent.type === 'AssignmentPattern') return parent.left === node;
  if (parent.type === 'RestElement' || parent.type === 'ArrayPattern') return true;
  return parent.type === 'Property' && parent.value === node && outer?.type === 'ObjectPattern';
}

/** `readThrottle` → read, throttle; `SEND_BUFFER` → send, buffer; `send-buffer` → send, buffer. */
function partsOf(name: string): readonly string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .split(/[\s_-]+/)
    .map((part) => part.toLowerCase());
}
