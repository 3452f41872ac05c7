/** The dependencies of the web service; `wire/web.ts` provides them. */
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
  /** The public address that all links begin with, without a trailing slash. */
  readonly url: string;
  readonly placement: RoomPlacement;
  readonly freeRoomsPerHour: number;
  /** False while the disk is so full that its free space is kept for games that were bought. */
  readonly spaceForFreeRooms: () => Promise<boolean>;
  /** Mails that were stored instead of sent; null if mails are sent by SMTP. */
  readonly outbox: Outbox | null;
  /** Scripts and styles of our own pages, built at start. */
  readonly assets: PlatformAssets;
  /** For the payment pages of the test provider; null with a real provider. */
  readonly testCheckout: TestCheckout | null;
  /** For /ready: why this host cannot serve visitors; check → null if it passes, otherwise a sentence. */
  readonly ready: () => { readonly [name: string]: string | null };
  /** For the operator's status page: the checks of `ready`, and those that do not affect visitors. */
  readonly health: () => { readonly [name: string]: string | null };
}

export interface PlatformAssets {
  /** The address of a logical name such as `play.js`. Throws if there is no such asset. */
  url(name: string): string;
  /** By the last part of its address; null = no such file. */
  file(hashedName: string): PlatformFile | null;
}

export interface PlatformFile {
  readonly contentType: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Compressed at start; null for formats that are compressed already. */
  readonly br: Uint8Array<ArrayBuffer> | null;
  readonly gzip: Uint8Array<ArrayBuffer> | null;
}
