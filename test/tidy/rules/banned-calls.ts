/**
 * Clock, timers, randomness, disk, terminal and process exit are passed as arguments, so that tests and the simulation
 * can replace them. Only a few files use the real ones.
 */
import type { Node } from 'oxc-parser';
import { isTest } from '../is-test.ts';
import type { SourceFile } from '../repository.ts';
import type { Rule, Violation } from '../rule.ts';
import { dotted, walk } from '../walk.ts';

/** Files that use the real ones: implementations, the entry point, scripts and tools. */
const REAL = /\.real\.ts$|^src\/main\.ts$|^scripts\/|^games\/[^/]+\/tools\//;
const BROWSER = /^src\/services\/web\/browser\/|^sdk\/src\/browser-|^games\/[^/]+\/client\//;
/** Programs that run as child processes or worker threads. */
const CHILD = /\.child\.ts$|-worker\.ts$/;
/** May read and write files: adapters, and the build of games and pages. */
const DISK = /^src\/ports\/[^/]+\/[\w-]+\.[\w-]+\.ts$|^src\/publishing\/game-|^src\/services\/web\/assets/;

interface Ban {
  readonly what: RegExp;
  readonly instead: string;
  readonly allowed: readonly RegExp[];
}

const CALLS: readonly Ban[] = [
  {
    what: /^Date\.now$/,
    instead: 'take the time as an argument (Clock.now of src/lib/world.ts)',
    allowed: [REAL, BROWSER],
  },
  {
    what: /^performance\.now$/,
    instead: 'take the clock as an argument (Clock.mono)',
    allowed: [REAL, BROWSER],
  },
  {
    what: /^Math\.random$/,
    instead: 'take Random of src/lib/world.ts as an argument',
    allowed: [REAL, BROWSER],
  },
  {
    what: /^crypto\.(getRandomValues|randomUUID)$|^random(Bytes|UUID|Int)$/,
    instead: 'take Random.bytes as an argument',
    allowed: [REAL, BROWSER],
  },
  {
    what: /^(setTimeout|setInterval|setImmediate|Bun\.sleep)$/,
    instead: 'take Timers.after as an argument',
    allowed: [REAL, BROWSER, CHILD],
  },
  {
    what: /^Bun\.(file|write)$/,
    instead: 'take a port (files, disk) as an argument',
    allowed: [REAL, CHILD, DISK],
  },
  {
    what: /^process\.exit$/,
    instead: 'return a value or throw; only main.ts ends the process',
    allowed: [REAL, CHILD],
  },
  {
    what: /^console\.\w+$/,
    instead: 'take a Log (src/lib/log.ts) or the Terminal as an argument',
    allowed: [REAL, BROWSER, CHILD],
  },
];

const MODULES: readonly Ban[] = [
  {
    what: /^(node:)?fs(\/promises)?$/,
    instead: 'take a port (files, disk) as an argument, or write a *.real.ts',
    allowed: [REAL, CHILD, DISK],
  },
];

export const bannedCalls: Rule = {
  name: 'banned-calls',
  check: ({ code }) =>
    code.filter(({ path }) => !isTest(path)).flatMap((file) => [...callsOf(file), ...modulesOf(file)]),
};

function callsOf(file: SourceFile): readonly Violation[] {
  const bans = CALLS.filter(({ allowed }) => !allowed.some((place) => place.test(file.path)));
  const found: Violation[] = [];
  walk(file.program, (node, around) => {
    const name = used(node, around.at(-1));
    const ban = name === null ? undefined : bans.find(({ what }) => what.test(name));
    if (ban)
      found.push({
        path: file.path,
        line: file.lineOf(node.start),
        message: `${name} is banned here: ${ban.instead}`,
      });
  });
  return found;
}

function modulesOf(file: SourceFile): readonly Violation[] {
  const bans = MODULES.filter(({ allowed }) => !allowed.some((place) => place.test(file.path)));
  return file.imports.flatMap(({ specifier, offset }) => {
    const ban = bans.find(({ what }) => what.test(specifier));
    return ban
      ? [
          {
            path: file.path,
            line: file.lineOf(offset),
            message: `${specifier} is banned here: ${ban.instead}`,
          },
        ]
      : [];
  });
}

/** The name of a function that is called or passed as a value; `new Date()` reads the clock, too. */
function used(node: Node, parent: Node | undefined): string | null {
  if (node.type === 'NewExpression' && dotted(node.callee) === 'Date' && node.arguments.length === 0)
    return 'Date.now';
  if (node.type === 'MemberExpression')
    return dotted(node)?.replace(/^(globalThis|window|self)\./, '') ?? null;
  if (node.type === 'Identifier' && parent?.type === 'CallExpression') return node.name;
  return null;
}
