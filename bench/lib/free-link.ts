/** A link to a new room of the free game, as the shop's button gives it. `headers` are sent with the request. */
export async function freeLink(
  shop: string,
  headers: { readonly [name: string]: string } = {},
): Promise<string> {
  const { origin } = new URL(shop);
  const answer = await fetch(`${shop}games/dormouse-hour/free`, {
    method: 'POST',
    headers: { ...headers, Origin: origin, 'Content-Type': 'application/x-www-form-urlencoded' },
    redirect: 'manual',
  });
  const path = answer.headers.get('location');
  if (path === null) throw new Error(`the shop answered ${answer.status} instead of a link`);
  return new URL(path, shop).href;
}
