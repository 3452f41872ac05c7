/**
 * The installation's keys in `keys.json`: created at the first start, then only read. Without the file
 * the sealed links cannot be decrypted, so it is never overwritten.
 */
import { hkdfSync } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { parseJson } from '../../lib/json.ts';
import type { Keyring } from './keyring.ts';

const FILE = 'keys.json';
const MODE = 0o600;
const KEY_BYTES = 32;
const ADMIN_BYTES = 24;

export type KeyringOutcome =
  | { readonly ok: true; readonly keys: Keyring }
  /** The file exists but is not valid; it was not changed. `why` contains no secret. */
  | { readonly ok: false; readonly file: string; readonly why: string };

const key = z
  .string()
  .regex(/^[\w-]{43}$/, 'must be 32 bytes in base64url')
  .transform((text) => new Uint8Array(Buffer.from(text, 'base64url')));

/** `till` is the key of the test provider: the file's format keeps this name. */
const fileSchema = z.strictObject({
  format: z.literal(1),
  pass: z
    .strictObject({ current: z.string(), keys: z.record(z.string().regex(/^[\w-]{1,16}$/), key) })
    .refine(({ current, keys }) => current in keys, 'the current key is not among the keys'),
  seal: key,
  admin: z.string().regex(/^[\w-]{22,64}$/),
  till: key,
});

/**
 * Reads the keys, or creates them when there is no file. `bytes` must be cryptographically secure. The
 * caller holds the data folder's lock. Throws the system's error (`ENOSPC`, `EACCES` …).
 */
export function openKeyring(dataDir: string, bytes: (length: number) => Uint8Array): KeyringOutcome {
  const file = join(dataDir, FILE);
  const text = readOrNull(file) ?? create(file, bytes);
  const parsed = fileSchema.safeParse(parseJson(text));
  if (!parsed.success) return { ok: false, file, why: whyNot(parsed.error) };
  // A file that was copied by hand is often readable by all users.
  chmodSync(file, MODE);
  const { pass, seal, admin, till: testProvider } = parsed.data;
  // Derived, because files of earlier releases do not contain it.
  const control = new Uint8Array(hkdfSync('sha256', seal, '', 'escapement control', KEY_BYTES));
  return { ok: true, keys: { pass, seal, admin, testProvider, control } };
}

function create(file: string, bytes: (length: number) => Uint8Array): string {
  const secret = (length: number) => Buffer.from(bytes(length)).toString('base64url');
  const keys = {
    format: 1,
    pass: { current: 'k1', keys: { k1: secret(KEY_BYTES) } },
    seal: secret(KEY_BYTES),
    admin: secret(ADMIN_BYTES),
    till: secret(KEY_BYTES),
  };
  const text = `${JSON.stringify(keys, null, 2)}\n`;
  writeAtomically(file, text);
  return text;
}

/** Atomic and durable. */
function writeAtomically(file: string, text: string): void {
  const temporary = `${file}.new`;
  rmSync(temporary, { force: true });
  writeFileSync(temporary, text, { mode: MODE, flag: 'wx', flush: true });
  renameSync(temporary, file);
  const folder = openSync(dirname(file), 'r');
  fsyncSync(folder);
  closeSync(folder);
}

function readOrNull(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

/** Names the path, never the value: it is a secret. */
function whyNot(error: z.ZodError): string {
  const issue = error.issues[0];
  const path = issue?.path.join('.');
  return path ? `${path} is missing or damaged` : 'it is not a JSON object with exactly the expected fields';
}
