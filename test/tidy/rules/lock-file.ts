/** The lock file contains versions and checksums but no host, so it works with every registry. */
import type { Rule } from '../rule.ts';

export const lockFile: Rule = {
  name: 'lock-file',
  check: ({ files }) =>
    files
      .filter(({ path }) => /(^|\/)(package-lock\.json|npm-shrinkwrap\.json|\.npmrc)$/.test(path))
      .flatMap(({ path, lines }) =>
        lines.flatMap((text, at) =>
          /"resolved": "(https?|git)[:+]|registry\s*=/.test(text)
            ? [
                {
                  path,
                  line: at + 1,
                  message: 'names a host: run npm with --omit-lockfile-registry-resolved',
                },
              ]
            : [],
        ),
      ),
};
