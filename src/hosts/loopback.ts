/** Addresses of this machine itself. */

const LOOPBACK = /^(::ffff:)?127\.|^::1$/;

/** True for 127.0.0.0/8 and ::1. A game process takes control requests from these alone. */
export function isLoopback(address: string): boolean {
  return LOOPBACK.test(address);
}
