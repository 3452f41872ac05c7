/**
 * Was this POST sent by a page of ours? Browsers name the sender in `Sec-Fetch-Site` (only over
 * https and on this machine) and in `Origin` (always with a POST). One of them must be there and
 * say so; a client that is no browser has to send `Origin` itself.
 */
export function isOwnOrigin(headers: Headers, ownOrigin: string): boolean {
  const site = headers.get('sec-fetch-site');
  if (site !== null && site !== 'same-origin') return false;
  const origin = headers.get('origin');
  if (origin === null || origin === 'null') return site === 'same-origin';
  if (origin === ownOrigin) return true;
  // The same page under another name of this machine (localhost, its address on the network).
  const host = headers.get('host');
  return host !== null && (origin === `http://${host}` || origin === `https://${host}`);
}
