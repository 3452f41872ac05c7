/** What the web service is made of; `wire.ts` fills it in. */
import type { Keyring } from '../../ports/keyring/keyring.ts';
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
import type { TestCheckout } from '../../ports/payments/test-provider.ts';
import type { RoomPlacement } from '../../ports/placement/placement.ts';

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
  readonly placement: RoomPlacement;
  readonly freeRoomsPerHour: number;
  /** False when the disk is so full that what is left is kept for those who paid. */
  readonly spaceForFreeRooms: () => Promise<boolean>;
  /** The mails that were kept instead of sent; null when they are sent. */
  readonly outbox: Outbox | null;
  /** Scripts and styles of our own pages, built at start: logical name (`play.js`) → address. */
  readonly assets: PlatformAssets;
  /** The desk of the test till, when that takes the money: its pages need it; null with a real provider. */
  readonly testCheckout: TestCheckout | null;
  /** For /ready: what keeps this host from taking visitors; name → null if well, else a sentence. */
  readonly ready: () => { readonly [name: string]: string | null };
  /** For the operator's status page: the same, and what visitors do not feel. */
  readonly health: () => { readonly [name: string]: string | null };
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
