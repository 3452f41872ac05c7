/** Errors of engines and the system as sentences. Errors that a user can cause are in test/faults/start.test.ts. */
import { expect, test } from 'bun:test';
import { asOperatorError, ERRORS, OperatorError } from './errors.ts';
import { DatabaseNewer, MainDbError } from './ports/main-db/errors.ts';
import { DiskError } from './ports/room-log/journal/disk.ts';

const context = { port: 80, dataDir: '/data' };
const system = (code: string, more = {}) =>
  Object.assign(new Error(`the system said ${code}`), { code, ...more });

test.each([
  ['port-in-use', system('EADDRINUSE', { syscall: 'listen' })],
  ['port-denied', system('EACCES', { syscall: 'listen' })],
  ['data-dir-denied', system('EACCES', { syscall: 'open' })],
  ['data-dir-denied', system('EROFS')],
  ['data-dir-denied', system('SQLITE_CANTOPEN')],
  ['disk-full', system('ENOSPC')],
  ['disk-full', system('SQLITE_FULL')],
  ['disk-full', new DiskError('full', 'no space')],
  ['database-newer', new DatabaseNewer(9, 1)],
  ['database-unsafe', new MainDbError('database-unsafe', 'fsync is off')],
  ['database-unreachable', new MainDbError('database-unreachable', 'nobody answers')],
  ['unexpected', new Error('a bug')],
  ['unexpected', 'not even an error'],
] as const)('%s', (code, thrown) => {
  const error = asOperatorError(thrown, context);
  expect(error.code).toBe(code);
  expect(error.exitCode).toBe(1);
  expect(error.cause).toBe(thrown);
});

test('an error of the table is returned unchanged', () => {
  const error = new OperatorError('flag-twice', { flag: '--lan' });
  expect(asOperatorError(error, context)).toBe(error);
});

test('every text is one or two complete sentences', () => {
  for (const [code, { text }] of Object.entries(ERRORS)) {
    // `{message}` is a sentence itself.
    expect(`${code}: ${text}`).toMatch(/^[\w-]+: ([A-Z{`].*)?(\.|\{message\})$/);
  }
});

test('every name in a text is replaced', () => {
  const { message } = new OperatorError('port-in-use', { port: 8080 });
  expect(message).toStartWith('Port 8080 is in use');
  expect(message).not.toMatch(/[{}]|undefined/);
});
