/**
 * Every error of the command line: a stable code, a sentence that says what to do, and an exit code (1 = failed,
 * 2 = invalid command or options, 3 = failed after it had started: start it again).
 */
interface Declared {
  readonly exit: 1 | 2 | 3;
  /** `{name}` is replaced by a value. */
  readonly text: string;
}

export const ERRORS = {
  'unknown-command': {
    exit: 2,
    text: 'There is no command "{command}"; `escapement help` lists the commands.',
  },
  'unknown-service': {
    exit: 2,
    text: 'There is no service "{service}"; the services are {services}.',
  },
  'unexpected-argument': {
    exit: 2,
    text: '`escapement {command}` takes no argument "{argument}"; `escapement help` shows its arguments.',
  },
  'unknown-flag': {
    exit: 2,
    text: 'There is no option {flag}; did you mean {guess}? `escapement help` lists the options.',
  },
  'unknown-variable': {
    exit: 2,
    text: 'The environment variable {variable} is not an option; did you mean {guess}? `escapement help` lists the options.',
  },
  'flag-twice': { exit: 2, text: 'The option {flag} was given twice; give it once.' },
  'flag-without-value': { exit: 2, text: 'The option {flag} needs a value: {expects}.' },
  'bad-value': {
    exit: 2,
    text: '{source} is "{value}", and must be {expects}; `escapement help` explains the options.',
  },
  'port-in-use': {
    exit: 1,
    text: 'Port {port} is in use by another program; stop that one, or choose another port with --port (0 takes a free one).',
  },
  'port-denied': {
    exit: 1,
    text: 'This user may not listen on port {port}; choose one above 1023 with --port, or put a proxy in front.',
  },
  'data-dir-in-use': {
    exit: 1,
    text: 'The data folder {dir} is in use by another Escapement; stop that one, or choose another folder with --data-dir.',
  },
  'data-dir-denied': {
    exit: 1,
    text: 'The data folder {dir} cannot be written ({why}); give this user write permission, or choose another folder with --data-dir.',
  },
  'disk-full': {
    exit: 1,
    text: 'The disk of the data folder {dir} is full; nothing was changed: free some space and start again.',
  },
  'keys-unreadable': {
    exit: 1,
    text: 'The key file {file} cannot be used ({why}); restore it from a backup: without it, links already sold cannot be sent again and players must enter again.',
  },
  'database-newer': { exit: 1, text: '{message}' },
  'database-unsafe': { exit: 1, text: '{message}' },
  'database-unreachable': { exit: 1, text: '{message}' },
  'studio-invalid': {
    exit: 1,
    text: 'The settings of the studio are not valid: {faults}; correct them and start again.',
  },
  'test-till-public': {
    exit: 1,
    text: 'The test payment provider takes no money and must not be used at the public address {url}; for a demonstration start with --demo.',
  },
  'outbox-public': {
    exit: 1,
    text: 'Mails would only be written to the outbox folder although {url} is a public address; set ESCAPEMENT_SMTP to send them, or start a demonstration with --demo.',
  },
  'stop-timeout': {
    exit: 1,
    text: 'Stopping took longer than {seconds} s and was aborted; nothing confirmed is lost, the next start recovers it.',
  },
  'stop-forced': {
    exit: 1,
    text: 'Stopping was aborted by a second signal; nothing confirmed is lost, the next start recovers it.',
  },
  'slot-with-processes': {
    exit: 2,
    text: 'The slot {slot} cannot be chosen together with game processes, whose slots are h1 to h{count}: leave out --slot or --game-processes.',
  },
  'processes-without-rooms': {
    exit: 2,
    text: 'Game processes run the services game and archiver, so both must be named: name both, or leave out --game-processes.',
  },
  'ports-missing': {
    exit: 2,
    text: 'The {count} game processes need the ports after {port}, which would be above 65535; choose a lower one with --port.',
  },
  'not-supervised': {
    exit: 2,
    text: 'ESCAPEMENT_SUPERVISED is only for game processes that a main process starts; leave it out.',
  },
  'slot-not-started': { exit: 1, text: 'The process for slot {slot} did not start: {message}' },
  'slot-not-adopted': {
    exit: 1,
    text: 'The journal in {directory}, whose slot is no longer served, could not be archived: {message} Nothing was removed; fix the cause, or move the folder away to start without its last moves.',
  },
  'journal-unusable': { exit: 1, text: '{message}' },
  'journal-usage': {
    exit: 2,
    text: '`escapement journal {given}` is not valid; the usage is {usage}.',
  },
  'journal-missing': {
    exit: 1,
    text: 'There is no journal in {dir}; choose the data folder with --data-dir and the slot with --slot.',
  },
  'journal-room-unknown': {
    exit: 1,
    text: 'The journal in {dir} has no room {room}; `escapement journal show` lists its rooms.',
  },
  'journal-damage': {
    exit: 1,
    text: 'The journal in {dir} is damaged, and nothing was exported; `escapement journal verify` lists the damage, --salvage exports what is readable.',
  },
  'journal-out': {
    exit: 1,
    text: 'The file {file} cannot be written ({why}); choose another one with --out.',
  },
  'load-impossible': { exit: 2, text: 'This load is not possible: {why}.' },
  'load-not-in': {
    exit: 1,
    text: 'The load could not start: {why}. Choose fewer players, a longer --ramp, or more open files for this user (`ulimit -n`).',
  },
  'load-server-ended': { exit: 1, text: 'The load server failed: {message}' },
  'load-json': {
    exit: 1,
    text: 'The file {file} cannot be written ({why}); choose another one with --json.',
  },
  'load-stopped': { exit: 1, text: 'The load was aborted; its files are removed.' },
  'engine-failed': {
    exit: 3,
    text: 'An engine failed ({message}); nothing confirmed is lost: start again to recover it.',
  },
  unexpected: {
    exit: 1,
    text: 'Unexpected error: {message}',
  },
} as const satisfies { readonly [code: string]: Declared };

export type ErrorCode = keyof typeof ERRORS;

/** The names in braces in a text. */
type Names<T extends string> = T extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never;
export type ErrorValues<C extends ErrorCode> = {
  readonly [N in Names<(typeof ERRORS)[C]['text']>]: string | number;
};

/** An error with a message for the operator. */
export class OperatorError<C extends ErrorCode = ErrorCode> extends Error {
  override readonly name = 'OperatorError';
  readonly code: C;
  readonly exitCode: number;

  constructor(code: C, values: ErrorValues<C>, options?: ErrorOptions) {
    super(fill(ERRORS[code].text, values), options);
    this.code = code;
    this.exitCode = ERRORS[code].exit;
  }
}

function fill(text: string, values: { readonly [name: string]: string | number }): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name]));
}

/** Port and data folder in use when something failed: many errors of engines and systems name neither. */
export interface ErrorContext {
  readonly port: number;
  readonly dataDir: string;
}

const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG', 'SQLITE_FULL', 'full']);
const DENIED = new Set(['EACCES', 'EPERM', 'EROFS', 'SQLITE_READONLY', 'SQLITE_CANTOPEN', 'denied']);

/** Turns an error that an engine or the system threw into one of the table. */
export function asOperatorError(error: unknown, { port, dataDir }: ErrorContext): OperatorError {
  if (error instanceof OperatorError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const cause = { cause: error };
  const code = codeOf(error);
  if (FULL.has(code) || DENIED.has(code)) return asDataDirError(error, dataDir);
  switch (code) {
    case 'EADDRINUSE':
      return new OperatorError('port-in-use', { port }, cause);
    case 'EACCES-listen':
      return new OperatorError('port-denied', { port }, cause);
    case 'database-newer':
      return new OperatorError('database-newer', { message }, cause);
    case 'database-unsafe':
      return new OperatorError('database-unsafe', { message }, cause);
    case 'database-unreachable':
      return new OperatorError('database-unreachable', { message }, cause);
    default:
      return new OperatorError('unexpected', { message }, cause);
  }
}

/** For errors while the data folder is prepared: a full disk, or a folder that cannot be written. */
export function asDataDirError(error: unknown, dir: string): OperatorError {
  if (FULL.has(codeOf(error))) return new OperatorError('disk-full', { dir }, { cause: error });
  const why = error instanceof Error ? error.message : String(error);
  return new OperatorError('data-dir-denied', { dir, why }, { cause: error });
}

/** Errors of the system, SQLite and our own have a `code`; those of the disk have a `fault`. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  if ('code' in error && typeof error.code === 'string') {
    const isListen = 'syscall' in error && error.syscall === 'listen';
    return isListen && error.code === 'EACCES' ? 'EACCES-listen' : error.code;
  }
  return 'fault' in error && typeof error.fault === 'string' ? error.fault : '';
}
