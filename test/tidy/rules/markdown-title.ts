/** A document has one title, `# Title`, on its first line. */
import type { Rule } from '../rule.ts';

export const markdownTitle: Rule = {
  name: 'markdown-title',
  check: ({ files }) =>
    files
      .filter(({ path }) => path.endsWith('.md'))
      .flatMap(({ path, text, lines }) => {
        const titles = text.replace(/^```[^]*?^```/gm, '').match(/^# .+/gm) ?? [];
        const good = titles.length === 1 && lines[0] === titles[0];
        return good
          ? []
          : [
              {
                path,
                line: 1,
                message: `has ${titles.length} titles: begin it with one "# Title", and write sections as "## …"`,
              },
            ];
      }),
};
