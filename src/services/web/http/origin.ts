/**
 * Protection against cross-site request forgery: whether a POST was sent by one of our own pages. Browsers send
 * `Sec-Fetch-Site` (only to https and to localhost) and `Origin` (with every POST). At least one of them must be
 * present and none may name another site; clients other than browsers have to send `Origin` themselves.
 */
export function isOwnOrigin(headers: Headers, ownOrigin: string): boolean {
  const site = headers.get('sec-fetch-site');
  if (site !== null && site !== 'same-origin') return false;
  const origin = headers.get('origin');
  if (origin === null || origin === 'null') return site === 'same-origin';
  if (origin === ownOrigin) return true;
  // The page was opened under another name of this machine, such as localhost or its address in the LAN.
  const host = headers.get('host');
  return host !== null && (origin === `http://${host}` || origin === `https://${host}`);
}
