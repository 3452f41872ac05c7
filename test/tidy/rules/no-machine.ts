/** The repository contains no path, host or address of the machine or network where it was written. */
import { isTest } from '../is-test.ts';
import type { Rule } from '../rule.ts';

const FOLDERS = ['work', 'root', 'Users/\\w+', 'home/(?!escapement\\b)[a-z]\\w+', 'mnt', 'workspace'];
const FORBIDDEN: readonly { readonly what: RegExp; readonly fix: string; readonly inTests?: false }[] = [
  {
    what: new RegExp(`(?<![\\w.@}/-])/(${FOLDERS.join('|')})/[\\w.-]+`),
    fix: 'a path of one machine: write it from the root of the repository, or take it as an option',
  },
  {
    what: /\bregistry\.[a-z0-9-]+(\.[a-z0-9-]+)*|[\w.-]+\/(artifactory|nexus|npm-proxy)\b/,
    fix: 'the host of a registry: the client of each developer knows its own',
  },
  {
    what: /\b(10(\.\d{1,3}){3}|(192\.168|172\.(1[6-9]|2\d|3[01]))(\.\d{1,3}){2})\b(?!\.)/,
    fix: 'an address of one network: use 192.0.2.x in examples',
    // In tests they are invented visitors.
    inTests: false,
  },
];
/** Files that must contain such names. */
const LEFT_OUT = /^(test\/tidy\/|LICENSE$|package-lock\.json$)/;

export const noMachine: Rule = {
  name: 'no-machine',
  check: ({ files }) =>
    files
      .filter(({ path }) => !LEFT_OUT.test(path) && !path.endsWith('.svg'))
      .flatMap(({ path, lines }) =>
        lines.flatMap((text, at) =>
          FORBIDDEN.flatMap(({ what, fix, inTests = true }) => {
            const found = inTests || !isTest(path) ? what.exec(text) : null;
            return found ? [{ path, line: at + 1, message: `${found[0]} is ${fix}` }] : [];
          }),
        ),
      ),
};
