/**
 * Only the composition root names adapters (`ports/mail/mail.smtp.ts`) and real implementations
 * (`lib/world.real.ts`). All other code gets a port as an argument and works with any adapter of it.
 *
 * It is a white list: from outside a port only the files listed here may be imported. A new file in a
 * port folder is therefore private until it is added.
 */
import { isTest } from '../is-test.ts';
import type { Rule } from '../rule.ts';

const PORT = /^src\/ports\/([^/]+)\//;
/** The interface of a port: `ports/mail/mail.ts`. */
const INTERFACE = /^src\/ports\/([^/]+)\/\1\.ts$/;
/** Further public files: paths that end with `/` stand for a folder. */
const PUBLIC = [
  'src/ports/mail/outbox.ts',
  'src/ports/main-db/errors.ts',
  'src/ports/main-db/queries/',
  'src/ports/main-db/schema.ts',
  'src/ports/payments/test-provider.ts',
];
const REAL = /\.real\.ts$/;
/** May import every adapter and real implementation. */
const ROOT = /^src\/(wire\.ts|wire\/|main\.ts)/;
/** May import real implementations: commands and child processes run without the wiring, pages wire themselves. */
const REAL_USERS = /^src\/(commands|services\/web\/browser)\/|\.child\.ts$/;
/** Commands that open one engine directly, without starting the services. */
const TOOLS: readonly { readonly from: string; readonly to: string }[] = [
  { from: 'src/commands/keys.ts', to: 'src/ports/keyring/keyring.file.ts' },
  { from: 'src/commands/journal/', to: 'src/ports/room-log/journal/' },
  { from: 'src/commands/load/load-rooms.ts', to: 'src/ports/main-db/main-db.sqlite.ts' },
];

export const adaptersInWire: Rule = {
  name: 'adapters-in-wire',
  check: ({ code }) =>
    code
      .filter(({ path }) => !ROOT.test(path) && !isTest(path))
      .flatMap((file) =>
        file.imports
          .filter(({ to, mention }) => to !== null && !mention && !mayImport(file.path, to))
          .map(({ to, offset }) => ({
            path: file.path,
            line: file.lineOf(offset),
            message: `must not import ${to}: take the port's interface as an argument and let src/wire.ts pass the adapter`,
          })),
      ),
};

function mayImport(from: string, to: string): boolean {
  const port = PORT.exec(to)?.[1];
  const ownPort = PORT.exec(from)?.[1];
  if (port !== undefined) return port === ownPort || isPublic(to) || isTool(from, to);
  // An adapter may be built from real implementations of `lib/`.
  return !REAL.test(to) || REAL_USERS.test(from) || REAL.test(from) || isAdapter(from);
}

function isPublic(path: string): boolean {
  return (
    INTERFACE.test(path) ||
    PUBLIC.some((file) => (file.endsWith('/') ? path.startsWith(file) : path === file))
  );
}

function isTool(from: string, to: string): boolean {
  return TOOLS.some((tool) => from.startsWith(tool.from) && to.startsWith(tool.to));
}

/** `ports/mail/mail.smtp.ts`, but not `ports/mail/mail.ts` and not a helper file beside it. */
function isAdapter(path: string): boolean {
  return /^src\/ports\/([^/]+)\/\1\.[\w-]+\.ts$/.test(path);
}
