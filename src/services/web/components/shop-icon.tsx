/** Icons of the shop and the order page. Decorative: the text next to them has the same meaning. */
const PATHS = {
  players:
    'M8 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM1.5 20c.4-4 3-6.2 6.5-6.2s6.1 2.2 6.5 6.2M16 4.6a3.2 3.2 0 0 1 0 6M17.6 14.2c2.8.5 4.6 2.5 4.9 5.8',
  clock: 'M12 21.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17ZM12 8.2V13l3.2 2.2M9.5 1.8h5',
  speech: 'M3 4.5h18v12H11l-5 4.2v-4.2H3Z',
  ticket: 'M2.5 6.5h19v3.2a2.3 2.3 0 0 0 0 4.6v3.2h-19v-3.2a2.3 2.3 0 0 0 0-4.6ZM15 7v2.2M15 11v2M15 15v2.2',
  link: 'M9.5 14.5l5-5M7.5 11l-3 3a3.9 3.9 0 0 0 5.5 5.5l3-3M16.5 13l3-3A3.9 3.9 0 0 0 14 4.500l-3 3',
  play: 'M7 4.5l12 7.5-12 7.5Z',
  ear: 'M6.5 10a5.5 5.5 0 1 1 10.8 1.500c-.7 2.4-2.9 3-3.3 5.3-.4 2.3-1.5 3.7-3.5 3.7-1.9 0-3.2-1.3-3.2-3.200M9.7 10a2.3 2.3 0 1 1 4.3 1.200c-.6 1-1.7 1.3-1.7 2.6',
} as const;
export type ShopIconName = keyof typeof PATHS;

export function ShopIcon({ name }: { readonly name: ShopIconName }) {
  return (
    <svg
      class={`icon icon-${name}`}
      viewBox="0 0 24 24"
      width="24"
      height="24"
      aria-hidden="true"
      focusable="false"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
