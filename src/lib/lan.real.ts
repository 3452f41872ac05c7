/** The address under which other devices of the local network reach this machine. */
import { networkInterfaces } from 'node:os';

/** The first IPv4 address that is not a loopback or link-local one; null without a network. */
export function lanAddress(): string | null {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const found = all.find(
    ({ family, internal, address }) => family === 'IPv4' && !internal && !address.startsWith('169.254.'),
  );
  return found?.address ?? null;
}
