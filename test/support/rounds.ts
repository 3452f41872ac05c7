/**
 * How often a fault strikes: a few times in `npm test`, and in `npm run faults` and `npm run test:full`
 * as often as it takes to believe that nothing gets through.
 */

const FORM = process.env['FAULT_ROUNDS'] ?? 'short';
if (FORM !== 'short' && FORM !== 'full') throw new Error(`FAULT_ROUNDS is short or full, not ${FORM}`);

/** Which of the two numbers holds for this run: rounds, seconds, sockets. */
export function rounds(short: number, full: number): number {
  return FORM === 'full' ? full : short;
}
