/** A file begins with a comment on what it is for. Tests are exempt: their names say it. */
import type { Rule } from '../rule.ts';

const WORDS_MIN = 3;

export const openingComment: Rule = {
  name: 'opening-comment',
  check: ({ code }) =>
    code
      .filter(({ path, program, comments }) => {
        if (/\.test\.tsx?$/.test(path)) return false;
        const first = program.body[0]?.start ?? Number.POSITIVE_INFINITY;
        const opening = comments.filter(({ start }) => start < first).map(({ value }) => value);
        // Pragmas are for tools.
        const words =
          opening
            .join(' ')
            .replace(/@\w+\s+\S+/g, '')
            .match(/[A-Za-z]{2,}/g) ?? [];
        return words.length < WORDS_MIN;
      })
      .map(({ path }) => ({
        path,
        line: 1,
        message: 'begin with a comment of a line or two on what the file is for',
      })),
};
