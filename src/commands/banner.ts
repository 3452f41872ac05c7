/** What `escapement start` prints when everything runs. */
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
  const scan = lan && shop !== null ? ['', 'For other devices on this network:', await codeFor(shop)] : [];
  return [
    `Escapement ${version} is running and listens on ${running.listen}`,
    '',
    ...lines,
    ...scan,
    '',
    'Whoever has the addresses with a key is the operator. Ctrl-C stops.',
  ].join('\n');
}

/** The library is loaded only when there is something to scan. */
async function codeFor(address: string): Promise<string> {
  const { renderUnicodeCompact } = await import('uqr');
  return renderUnicodeCompact(address);
}
