/**
 * The one table of options: environment, flags, help text and documentation come from it.
 * Written out in full by `escapement config`. Read by config.load.ts.
 */
import { resolve } from 'node:path';
import { z } from 'zod';

interface Option<T extends z.ZodType> {
  /** Environment variable. An empty one counts as not set. */
  readonly env: string;
  /** Command-line flag; absent = environment only (secrets). A flag of an on/off option takes no value. */
  readonly flag?: string;
  readonly schema: T;
  /** As text, the way a user would write it. */
  readonly default: string;
  /** Ends the sentence "it must be …". */
  readonly expects: string;
  readonly help: string;
  /** Never printed. */
  readonly secret?: true;
}

function option<T extends z.ZodType>(declared: Option<T>): Option<T> {
  return declared;
}

const onOff = z.enum(['on', 'off']).transform((value) => value === 'on');
/** Whole numbers as people write them: `Number` would take '', '1e3' and '0x50', too. */
const wholeNumber = z
  .string()
  .regex(/^\d{1,9}$/)
  .transform(Number);
/** Absolute, so that processes started elsewhere mean the same folder. */
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
    help: 'Port for pages and sockets; 0 takes a free one.',
  }),
  lan: option({
    env: 'ESCAPEMENT_LAN',
    flag: 'lan',
    schema: onOff,
    default: 'off',
    expects: 'on or off',
    help: 'Listen on the local network, too, and print the address with a QR code.',
  }),
  dataDir: option({
    env: 'ESCAPEMENT_DATA_DIR',
    flag: 'data-dir',
    schema: folder,
    default: './data',
    expects: 'a folder',
    help: 'Where everything that must last is kept.',
  }),
  studioDir: option({
    env: 'ESCAPEMENT_STUDIO_DIR',
    flag: 'studio-dir',
    schema: folder,
    default: '.',
    expects: 'a folder',
    help: 'The folder of studio.yaml and legal/.',
  }),
  gamesDir: option({
    env: 'ESCAPEMENT_GAMES_DIR',
    flag: 'games-dir',
    schema: folder,
    default: './games',
    expects: 'a folder',
    help: 'The folder of the games; they are published at start.',
  }),
  url: option({
    env: 'ESCAPEMENT_URL',
    flag: 'url',
    schema: z.union([z.literal(''), address]),
    default: '',
    expects: 'an address like https://play.example.org, without a path',
    help: 'The public address that every link is built from; empty = the address listened on.',
  }),
  demo: option({
    env: 'ESCAPEMENT_DEMO',
    flag: 'demo',
    schema: onOff,
    default: 'off',
    expects: 'on or off',
    help: 'Allow the test till and the mail outbox under a public https address.',
  }),
  smtp: option({
    env: 'ESCAPEMENT_SMTP',
    schema: z.union([z.literal(''), z.url({ protocol: /^smtps?$/ })]),
    default: '',
    expects: 'an address like smtp://user:password@host:587',
    help: 'smtp://user:password@host:port to send mail; empty = mails go to the outbox folder.',
    secret: true,
  }),
  database: option({
    env: 'ESCAPEMENT_DATABASE',
    schema: z.union([z.literal(''), z.url({ protocol: /^postgres(ql)?$/ })]),
    default: '',
    expects: 'an address like postgres://user:password@host/database',
    help: 'postgres://… for the main database; empty = SQLite in the data folder.',
    secret: true,
  }),
  slot: option({
    env: 'ESCAPEMENT_SLOT',
    flag: 'slot',
    schema: z.string().regex(/^h[0-9]{1,3}$/),
    default: 'h1',
    expects: 'the letter h and a number of up to three digits, like h1',
    help: 'The fixed name under which this process serves rooms.',
  }),
  gameProcesses: option({
    env: 'ESCAPEMENT_GAME_PROCESSES',
    flag: 'game-processes',
    schema: wholeNumber.pipe(z.number().max(GAME_PROCESSES_MAX)),
    default: '0',
    expects: `a whole number from 0 to ${GAME_PROCESSES_MAX}`,
    help: 'Processes that serve rooms, each with its own journal, on the ports after the main one, as slots h1, h2 …; 0 = rooms live in the main process.',
  }),
  supervised: option({
    env: 'ESCAPEMENT_SUPERVISED',
    schema: onOff,
    default: 'off',
    expects: 'on or off',
    help: 'Set by a main process for its game processes: they answer to it alone, and stop when it is gone.',
  }),
  socketsPerAddress: option({
    env: 'ESCAPEMENT_SOCKETS_PER_ADDRESS',
    flag: 'sockets-per-address',
    schema: wholeNumber,
    default: '1000',
    expects: 'a whole number',
    help: 'Sockets that one address may have open; a school of 300 players stands behind one, and comes back before its lost sockets are gone.',
  }),
  trustProxy: option({
    env: 'ESCAPEMENT_TRUST_PROXY',
    flag: 'trust-proxy',
    schema: wholeNumber.pipe(z.number().max(8)),
    default: '0',
    expects: 'a whole number from 0 to 8',
    help: 'Proxies before the port, each adding to X-Forwarded-For; visitors are then counted by the address these name. 0 = the header is ignored.',
  }),
  freeRoomsPerHour: option({
    env: 'ESCAPEMENT_FREE_ROOMS_PER_HOUR',
    flag: 'free-rooms-per-hour',
    schema: wholeNumber,
    default: '10',
    expects: 'a whole number',
    help: 'New rooms of free games one address may open in an hour.',
  }),
} as const;

export type OptionName = keyof typeof OPTIONS;

/** The options in force, parsed. */
export type Settings = { readonly [K in OptionName]: z.output<(typeof OPTIONS)[K]['schema']> };
