/** One style of privacy: TypeScript's `private`, not `#names`, so that a class reads the same everywhere. */
import type { Rule, Violation } from '../rule.ts';
import { walk } from '../walk.ts';

export const onePrivacyStyle: Rule = {
  name: 'one-privacy-style',
  check: ({ code }) =>
    code.flatMap((file): readonly Violation[] => {
      const found: Violation[] = [];
      walk(file.program, (node, around) => {
        const parent = around.at(-1);
        const declares = parent?.type === 'PropertyDefinition' || parent?.type === 'MethodDefinition';
        if (node.type !== 'PrivateIdentifier' || !declares) return;
        found.push({
          path: file.path,
          line: file.lineOf(node.start),
          message: `#${node.name}: write \`private ${node.name}\``,
        });
      });
      return found;
    }),
};
