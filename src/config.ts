/**
 * The table of options: environment variables, flags and help are made from it (`config.load.ts`). `escapement config`
 * prints it with the values in force.
 */
import { resolve } from 'node:path';
import { z } from 'zod';

interface Option<T extends z.ZodType> {
  /** Environment variable; an empty one counts as not set. */
  readonly env: string;
  /** Command-line flag; absent = environment only (secrets). The flag of an on/off option needs no value. */
  readonly flag?: string;
  readonly schema: T;
  /** As a user would write it. */
  readonly default: string;
  /** Ends the sentence "must be …". */
  readonly expects: string;
  readonly help: string;
  /** Never printed. */
  readonly secret?: true;
}

function option<T extends z.ZodType>(declared: Option<T>): Option<T> {
  return declared;
}

const onOff = z.enum(['on', 'off']).transform((value) => value === 'on');
/** Digits only: `Number` also accepts '', '1e3' and '0x50'. */
const wholeNumber = z
  .string()
  .regex(/^\d{1,9}$/)
  .transform(Number);
/** Made absolute, so that it is the same folder for processes with another working directory. */
const folder = z
  .string()
  .min(1)
  .transform((path) => resolve(path));

const address = z
  .url({ protocol: /^https?$/ })
  .refine((value) => new URL(value).pathname === '/' && !/[?#]/.test(value))
  .transform((value) => value.replace(/\/$/, ''));

export const PORT_MAX = 65_535;
const GAME_PROCESSES_MAX = 16;

export const OPTIONS = {
  port: option({
    env: 'PORT',
    flag: 'port',
    schema: wholeNumber.pipe(z.number().max(PORT_MAX)),
    default: '8080',
    expects: 'a whole number from 0 to 65535',
    help: 'Port for pages and sockets; 0 = a free one.',
  }),
  lan: option({
    env: 'ESCAPEMENT_LAN',
    flag: 'lan',
    schema: onOff,
    default: 'off',
    expects: 'on or off',
    help: 'Also listen on the local network, and print the address with a QR code.',
  }),
  dataDir: option({
    env: 'ESCAPEMENT_DATA_DIR',
    flag: 'data-dir',
    schema: folder,
    default: './data',
    expects: 'a folder',
    help: 'The folder of all data: databases, journals, files, keys.',
  }),
  studioDir: option({
    env: 'ESCAPEMENT_STUDIO_DIR',
    flag: 'studio-dir',
    schema: folder,
    default: '.',
    expects: 'a folder',
    help: 'The folder with studio.yaml and legal/.',
  }),
  gamesDir: option({
    env: 'ESCAPEMENT_GAMES_DIR',
    flag: 'games-dir',
    schema: folder,
    default: './games',
    expects: 'a folder',
    help: 'The folder of the games, which are published at start.',
  }),
  url: option({
    env: 'ESCAPEMENT_URL',
    flag: 'url',
    schema: z.union([z.literal(''), address]),
    default: '',
    expects: 'an address like https://play.example.org, without a path',
    help: 'The public address for all links; empty = the address listened on.',
  }),
  demo: option({
    env: 'ESCAPEMENT_DEMO',
    flag: 'demo',
    schema: onOff,
    default: 'off',
    expects: 'on or off',
    help: 'Allow the test payment provider and the mail outbox at a public https address.',
  }),
  smtp: option({
    env: 'ESCAPEMENT_SMTP',
    schema: z.union([z.literal(''), z.url({ protocol: /^smtps?$/ })]),
    default: '',
    expects: 'an address like smtp://user:password@host:587',
    help: 'The SMTP server, as smtp://user:password@host:port; empty = mails are written to the outbox folder.',
    secret: true,
  }),
  database: option({
    env: 'ESCAPEMENT_DATABASE',
    schema: z.union([z.literal(''), z.url({ protocol: /^postgres(ql)?$/ })]),
    default: '',
    expects: 'an address like postgres://user:password@host/database',
    help: 'The main database, as postgres://…; empty = SQLite in the data folder.',
    secret: true,
  }),
  slot: option({
    env: 'ESCAPEMENT_SLOT',
    flag: 'slot',
    schema: z.string().regex(/^h[0-9]{1,3}$/),
    default: 'h1',
    expects: 'the letter h and a number of up to three digits, like h1',
    help: 'The name under which this process serves rooms; it is part of their addresses.',
  }),
  gameProcesses: option({
    env: 'ESCAPEMENT_GAME_PROCESSES',
    flag: 'game-processes',
    schema: wholeNumber.pipe(z.number().max(GAME_PROCESSES_MAX)),
    default: '0',
    expects: `a whole number from 0 to ${GAME_PROCESSES_MAX}`,
    help: 'Number of processes that serve rooms, as slots h1, h2 …, each with its own journal, on the ports after the main one; 0 = the main process serves them.',
  }),
  supervised: option({
    env: 'ESCAPEMENT_SUPERVISED',
    schema: onOff,
    default: 'off',
    expects: 'on or off',
    help: 'Set by a main process for its game processes: it controls them, and they stop when it is gone.',
  }),
  socketsPerAddress: option({
    env: 'ESCAPEMENT_SOCKETS_PER_ADDRESS',
    flag: 'sockets-per-address',
    schema: wholeNumber,
    default: '1000',
    expects: 'a whole number',
    help: 'Maximum of open sockets per client address. The players of a school share one address, and reconnect before their lost sockets have timed out.',
  }),
  trustProxy: option({
    env: 'ESCAPEMENT_TRUST_PROXY',
    flag: 'trust-proxy',
    schema: wholeNumber.pipe(z.number().max(8)),
    default: '0',
    expects: 'a whole number from 0 to 8',
    help: 'Number of own proxies in front, each of which adds to X-Forwarded-For; limits then count visitors by the address in that header. 0 = the header is ignored.',
  }),
  freeRoomsPerHour: option({
    env: 'ESCAPEMENT_FREE_ROOMS_PER_HOUR',
    flag: 'free-rooms-per-hour',
    schema: wholeNumber,
    default: '10',
    expects: 'a whole number',
    help: 'Maximum of new rooms of free games per client address and hour.',
  }),
} as const;

export type OptionName = keyof typeof OPTIONS;

/** The values in force, parsed. */
export type Settings = { readonly [K in OptionName]: z.output<(typeof OPTIONS)[K]['schema']> };
