/** What the web service is made of; `wire.ts` fills it in. */
import type { Keyring } from '../../lib/keyring.ts';
import type { Log } from '../../lib/log.ts';
import type { Texts } from '../../lib/texts.ts';
import type { World } from '../../lib/world.ts';
import type { Studio } from '../../domain/studio.ts';
import type { Control } from '../../ports/control/control.ts';
import type { Files } from '../../ports/files/files.ts';
import type { Jobs } from '../../ports/jobs/jobs.ts';
import type { Outbox } from '../../ports/mail/outbox.ts';
import type { MainDb } from '../../ports/main-db/main-db.ts';
import type { Payments } from '../../ports/payments/payments.ts';
import type { TillDesk } from '../../ports/payments/till-desk.ts';

export interface WebDeps {
  readonly world: World;
  readonly db: MainDb;
  readonly jobs: Jobs;
  readonly files: Files;
  readonly payments: Payments;
  readonly control: Control;
  readonly texts: Texts;
  readonly studio: Studio;
  readonly keys: Keyring;
  readonly log: Log;
  /** Every link is built from it; without a slash at the end. */
  readonly url: string;
  readonly places: Places;
  readonly freeRoomsPerHour: number;
  /** False when the disk is so full that what is left is kept for those who paid. */
  readonly spaceForFreeRooms: () => Promise<boolean>;
  /** The mails that were kept instead of sent; null when they are sent. */
  readonly outbox: Outbox | null;
  /** Scripts and styles of our own pages, built at start: logical name (`play.js`) → address. */
  readonly assets: PlatformAssets;
  /** The desk of the test till, when that takes the money: its pages need it; null with a real provider. */
  readonly till: TillDesk | null;
  /** For /ready: what keeps this host from taking visitors; name → null if well, else a sentence. */
  readonly ready: () => { readonly [name: string]: string | null };
  /** For the operator's status page: the same, and what visitors do not feel. */
  readonly health: () => { readonly [name: string]: string | null };
}

/** Which processes serve rooms, and how a page reaches them. */
export interface Places {
  /** For a new room: of the slots that are ready, the one with the fewest rooms; null = none is. */
  choose(): Place | null;
  /** A room was given to the slot: it counts there before it is open. */
  placed(slot: string): void;
  /** The address of a room's socket: a path of our own origin, or a whole address. */
  socket(slot: string, room: string): string;
  /** Some slot, for trying whether sockets open at all. */
  anySlot(): string;
  /** Origins besides our own under which sockets are reached (`ws://127.0.0.1:8081`). */
  socketOrigins(): readonly string[];
}

export interface Place {
  readonly slot: string;
  readonly bootId: string;
}

export interface PlatformAssets {
  url(name: string): string;
  /** By the address's last part; null = no such file. `br` and `gzip` are made at start. */
  file(hashedName: string): PlatformFile | null;
}

export interface PlatformFile {
  readonly contentType: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly br: Uint8Array<ArrayBuffer> | null;
  readonly gzip: Uint8Array<ArrayBuffer> | null;
}
