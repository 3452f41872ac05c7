/** This machine's address on the local network. */
import { networkInterfaces } from 'node:os';

/** The first IPv4 address other than loopback; null when there is no network. */
export function lanAddress(): string | null {
  for (const addresses of Object.values(networkInterfaces())) {
    const found = addresses?.find(({ family, internal }) => family === 'IPv4' && !internal);
    if (found) return found.address;
  }
  return null;
}
