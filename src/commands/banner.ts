/** What `escapement start` prints when all services have started. */
import type { Running } from '../running.ts';

const LABELS: { readonly [K in keyof Running['addresses']]: string } = {
  shop: 'Shop',
  freeGame: 'Free game',
  admin: 'Admin',
  outbox: 'Mail outbox',
  status: 'Status',
};
const LABEL_WIDTH = 13;

export async function banner(version: string, running: Running, lan: boolean): Promise<string> {
  const lines = Object.entries(LABELS).flatMap(([key, label]) => {
    const address = running.addresses[key as keyof Running['addresses']];
    return address === null ? [] : [`  ${label.padEnd(LABEL_WIDTH)}${address}`];
  });
  const { shop } = running.addresses;
  const qr = lan && shop !== null ? ['', 'For other devices on this network:', await qrCode(shop)] : [];
  return [
    `Escapement ${version} is running and listens on ${running.listen}`,
    '',
    ...lines,
    ...qr,
    '',
    'The addresses with a key give operator access: keep them secret. Ctrl-C stops.',
  ].join('\n');
}

/** Loads the library only when a code is printed. */
async function qrCode(address: string): Promise<string> {
  const { renderUnicodeCompact } = await import('uqr');
  return renderUnicodeCompact(address);
}
