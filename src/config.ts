/**
 * The one table of options: environment, flags, help text and documentation come from it.
 * Written out in full by `escapement config`.
 */
import { z } from 'zod';

interface Option<T extends z.ZodType> {
  /** Environment variable. */
  readonly env: string;
  /** Command-line flag; absent = environment only (secrets). */
  readonly flag?: string;
  readonly schema: T;
  /** As text, the way a user would write it. */
  readonly default: string;
  readonly help: string;
  /** Never printed. */
  readonly secret?: true;
}

function option<T extends z.ZodType>(declared: Option<T>): Option<T> {
  return declared;
}

const onOff = z.enum(['on', 'off']).transform((value) => value === 'on');

export const OPTIONS = {
  port: option({
    env: 'PORT',
    flag: 'port',
    schema: z.coerce.number().int().min(0).max(65_535),
    default: '8080',
    help: 'Port for pages and sockets; 0 takes a free one.',
  }),
  lan: option({
    env: 'ESCAPEMENT_LAN',
    flag: 'lan',
    schema: onOff,
    default: 'off',
    help: 'Listen on the local network, too, and print the address with a QR code.',
  }),
  dataDir: option({
    env: 'ESCAPEMENT_DATA_DIR',
    flag: 'data-dir',
    schema: z.string().min(1),
    default: './data',
    help: 'Where everything that must last is kept.',
  }),
  studioDir: option({
    env: 'ESCAPEMENT_STUDIO_DIR',
    flag: 'studio-dir',
    schema: z.string().min(1),
    default: '.',
    help: 'The folder of studio.yaml and legal/.',
  }),
  gamesDir: option({
    env: 'ESCAPEMENT_GAMES_DIR',
    flag: 'games-dir',
    schema: z.string().min(1),
    default: './games',
    help: 'The folder of the games; they are published at start.',
  }),
  url: option({
    env: 'ESCAPEMENT_URL',
    flag: 'url',
    schema: z.union([z.literal(''), z.url({ protocol: /^https?$/ })]),
    default: '',
    help: 'The public address that every link is built from; empty = the address listened on.',
  }),
  demo: option({
    env: 'ESCAPEMENT_DEMO',
    flag: 'demo',
    schema: onOff,
    default: 'off',
    help: 'Allow the test till and the mail outbox under a public https address.',
  }),
  smtp: option({
    env: 'ESCAPEMENT_SMTP',
    schema: z.union([z.literal(''), z.url({ protocol: /^smtps?$/ })]),
    default: '',
    help: 'smtp://user:password@host:port to send mail; empty = mails go to the outbox folder.',
    secret: true,
  }),
  database: option({
    env: 'ESCAPEMENT_DATABASE',
    schema: z.union([z.literal(''), z.url({ protocol: /^postgres(ql)?$/ })]),
    default: '',
    help: 'postgres://… for the main database; empty = SQLite in the data folder.',
    secret: true,
  }),
  slot: option({
    env: 'ESCAPEMENT_SLOT',
    flag: 'slot',
    schema: z.string().regex(/^h[0-9]{1,3}$/),
    default: 'h1',
    help: 'The fixed name under which this process serves rooms.',
  }),
  freeRoomsPerHour: option({
    env: 'ESCAPEMENT_FREE_ROOMS_PER_HOUR',
    flag: 'free-rooms-per-hour',
    schema: z.coerce.number().int().min(0),
    default: '10',
    help: 'New rooms of free games one address may open in an hour.',
  }),
} as const;
