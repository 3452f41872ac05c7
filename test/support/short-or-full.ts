/**
 * Chooses between the two forms of fault tests: few rounds in `npm test`, many in `npm run faults` and `npm
 * run test:full`.
 */

const FORM = process.env['FAULT_ROUNDS'] ?? 'short';
if (FORM !== 'short' && FORM !== 'full') throw new Error(`FAULT_ROUNDS is short or full, not ${FORM}`);

/** The number that applies to this run: rounds, seconds, sockets. */
export function shortOrFull(short: number, full: number): number {
  return FORM === 'full' ? full : short;
}
