/** @jsxImportSource preact */
/** A framed portrait of a keeper, for the loft's wall and its close-up; about 130 × 160 around its centre. */
import { At } from './basics.tsx';
import { paint } from './defs.tsx';
import { Head } from './heads.tsx';

export function Frame({ face, tilt = 0 }: { face: number; tilt?: number }) {
  return (
    <g transform={`rotate(${tilt})`}>
      <path d="M0 -104L-30 -80H30Z" fill="none" stroke="#c7a87a" stroke-width="3" />
      <rect x="-64" y="-76" width="134" height="162" rx="6" fill="#07060d" opacity="0.5" />
      <rect x="-66" y="-80" width="132" height="160" rx="6" fill={paint('gold')} />
      <rect x="-58" y="-72" width="116" height="144" rx="4" fill="#7a5223" />
      <rect x="-52" y="-66" width="104" height="132" fill={paint('portrait')} />
      <svg x="-52" y="-66" width="104" height="132" viewBox="-52 -74 104 132">
        <At x={0} y={8} s={1.02}>
          <Head face={face} />
        </At>
      </svg>
      <path d="M-66 -80L-52 -66M66 -80L52 -66M-66 80L-52 66M66 80L52 66" stroke="#6d461d" stroke-width="2" />
      <path d="M-52 66V-66H52" fill="none" stroke="#2c1a0c" stroke-width="4" opacity="0.6" />
    </g>
  );
}
