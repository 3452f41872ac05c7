/** @jsxImportSource preact */
/** Drawings of the items, each in a box from (-50, -50) to (50, 50). */
import type { Item } from '../../rules/state.ts';
import { Nut } from './animals.tsx';
import { paint } from './defs.tsx';
import { Wheel, wheelRadius } from './wheel.tsx';

export function Key() {
  return (
    <g transform="rotate(45)" stroke="#50310f" stroke-width="1.5">
      <path
        fill={paint('brass')}
        fill-rule="evenodd"
        d="M-5 -6V36H-5H5V-6Q26 -8 24 -28Q22 -46 0 -46Q-22 -46 -24 -28Q-26 -8 -5 -6ZM0 -38Q14 -38 14 -27Q14 -15 0 -15Q-14 -15 -14 -27Q-14 -38 0 -38Z"
      />
      <path fill={paint('brass')} d="M5 18H20V24H14V30H20V38H5Z" />
      <path d="M-9 0H9" stroke="#fff0bd" stroke-width="3" />
    </g>
  );
}

export function Crank() {
  return (
    <g stroke="#2b3042" stroke-width="1.5">
      <path d="M-36 26L-30 34L22 -8Q34 -16 28 -26L36 -32Q48 -12 30 0Z" fill={paint('steel')} />
      <rect
        x="-44"
        y="16"
        width="24"
        height="24"
        rx="4"
        fill={paint('steel')}
        transform="rotate(-38 -32 28)"
      />
      <rect x="-38" y="22" width="12" height="12" fill="#1b1e2e" transform="rotate(-38 -32 28)" />
      <path d="M14 -44Q24 -52 34 -44L38 -26Q28 -18 18 -26Z" fill={paint('wood')} stroke="#2f1e1a" />
      <path d="M20 -42L23 -26" stroke="#d8a671" stroke-width="3" />
    </g>
  );
}

export function ItemArt({ item }: { item: Item }) {
  if (item === 'key') return <Key />;
  if (item === 'crank') return <Crank />;
  if (item === 'nut') {
    return (
      <g transform="scale(2.5)">
        <Nut />
      </g>
    );
  }
  const teeth = Number(item.slice('wheel'.length));
  // In the bag, sizes differ less than the numbers of teeth.
  return (
    <g transform={`scale(${(30 + teeth * 0.7) / wheelRadius(teeth)})`}>
      <Wheel teeth={teeth} />
    </g>
  );
}
