/** Links that are used outside the site: in mails, QR codes, at the payment provider. `url` has no trailing slash. */

/** The team's link, to the lobby: a capability. */
export function playLink(url: string, linkSecret: string): string {
  return `${url}${playPath(linkSecret)}`;
}
export function playPath(linkSecret: string): string {
  return `/join/${linkSecret}`;
}

/** The buyer's page: a capability. */
export function orderLink(url: string, orderSecret: string): string {
  return `${url}${orderPath(orderSecret)}`;
}
export function orderPath(orderSecret: string): string {
  return `/o/${orderSecret}`;
}

/** Where the payment provider redirects the buyer after a checkout. */
export function returnLink(url: string, orderSecret: string): string {
  return `${url}/checkout/return/${orderSecret}`;
}
export function cancelLink(url: string, orderSecret: string): string {
  return `${url}/checkout/cancelled/${orderSecret}`;
}
