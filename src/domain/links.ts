/** The addresses that leave the pages: in mails, on tickets, in QR codes. `url` has no slash at the end. */

/** The link of a team: the lobby. Whoever has it may play. */
export function playLink(url: string, linkSecret: string): string {
  return `${url}${playPath(linkSecret)}`;
}
export function playPath(linkSecret: string): string {
  return `/join/${linkSecret}`;
}

/** The buyer's own page. */
export function orderLink(url: string, orderSecret: string): string {
  return `${url}${orderPath(orderSecret)}`;
}
export function orderPath(orderSecret: string): string {
  return `/o/${orderSecret}`;
}

/** Where the payment provider sends the buyer back to. */
export function returnLink(url: string, orderSecret: string): string {
  return `${url}/checkout/return/${orderSecret}`;
}
export function cancelLink(url: string, orderSecret: string): string {
  return `${url}/checkout/cancelled/${orderSecret}`;
}
