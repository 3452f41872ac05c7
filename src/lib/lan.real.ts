/** This machine's address on the local network. */
import { networkInterfaces } from 'node:os';

/** The first IPv4 address that is not the loopback's; null when there is no network. */
export function lanAddress(): string | null {
  for (const addresses of Object.values(networkInterfaces())) {
    const found = addresses?.find(({ family, internal }) => family === 'IPv4' && !internal);
    if (found) return found.address;
  }
  return null;
}
