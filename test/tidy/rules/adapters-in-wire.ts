/**
 * Only the wiring names adapters (`ports/mail/mail.smtp.ts`) and the real world
 * (`lib/world.real.ts`): everything else is given one and works with any.
 */
import { isTest } from '../places.ts';
import type { Rule } from '../rule.ts';

const ADAPTER = /^src\/ports\/([^/]+)\/[\w-]+\.(?!test\b|contract\b)[\w-]+\.tsx?$/;
const REAL = /\.real\.ts$/;
/** Pages are wired by their own entry files. */
const WIRING = /^(src\/wire(\.ts|\/)|src\/main\.ts$|src\/commands\/|src\/services\/web\/browser\/)/;

export const adaptersInWire: Rule = {
  name: 'adapters-in-wire',
  check: ({ code }) =>
    code
      .filter(({ path }) => !WIRING.test(path) && !isTest(path))
      .flatMap((file) =>
        file.imports
          .filter(({ to, mention }) => to !== null && !mention && isWired(to) && !mayName(file.path, to))
          .map(({ to, offset }) => ({
            path: file.path,
            line: file.lineOf(offset),
            message: `must not name ${to}: take the interface as an argument and let src/wire.ts pass the adapter`,
          })),
      ),
};

function isWired(path: string): boolean {
  return ADAPTER.test(path) || REAL.test(path);
}

/** An adapter may be made of others of its port, and of real parts. */
function mayName(from: string, to: string): boolean {
  const own = ADAPTER.exec(from)?.[1];
  if (own !== undefined && to.startsWith(`src/ports/${own}/`)) return true;
  return (own !== undefined || REAL.test(from)) && to.startsWith('src/lib/');
}
