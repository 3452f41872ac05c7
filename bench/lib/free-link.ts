/** Gets a link to a new room of the free game, as the button in the shop does. `headers` are sent, too. */
export async function freeLink(
  shop: string,
  headers: { readonly [name: string]: string } = {},
): Promise<string> {
  const { origin } = new URL(shop);
  const response = await fetch(`${shop}games/dormouse-hour/free`, {
    method: 'POST',
    headers: { ...headers, Origin: origin, 'Content-Type': 'application/x-www-form-urlencoded' },
    redirect: 'manual',
  });
  const path = response.headers.get('location');
  if (path === null) throw new Error(`the shop sent ${response.status} and no link`);
  return new URL(path, shop).href;
}
