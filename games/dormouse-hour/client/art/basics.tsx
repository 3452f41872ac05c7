/** @jsxImportSource preact */
/** Shapes and helpers that several drawings share. */
import type { ComponentChildren } from 'preact';
import { paint } from './defs.tsx';

/** A group that moves its children to (x, y) and scales them by s. */
export function At({
  x,
  y,
  s = 1,
  children,
}: {
  x: number;
  y: number;
  s?: number;
  children: ComponentChildren;
}) {
  return <g transform={`translate(${x} ${y})${s === 1 ? '' : ` scale(${s})`}`}>{children}</g>;
}

/** An ellipse of soft light or shade, painted with the gradient `of`. */
export function Glow(props: { x: number; y: number; rx: number; ry?: number; of: string; class?: string }) {
  const { x, y, rx, ry = rx, of } = props;
  return <ellipse class={props.class} cx={x} cy={y} rx={rx} ry={ry} fill={paint(of)} pointer-events="none" />;
}

/** The shadow under a standing thing. */
export function Shadow({ rx, ry = rx * 0.16, y = 0 }: { rx: number; ry?: number; y?: number }) {
  return <ellipse cx="0" cy={y} rx={rx} ry={ry} fill="#07060d" opacity="0.45" />;
}

/** Dust that drifts upwards in a rectangle. */
export function Dust({ x, y, w, h }: { x: number; y: number; w: number; h: number }) {
  return (
    <g>
      {range(14).map((index) => (
        <circle
          key={index}
          class="dh-dust"
          style={{ animationDelay: `${-14 * scatter(index, 41)}s` }}
          cx={x + w * scatter(index, 42)}
          cy={y + h * scatter(index, 43)}
          r={1.5 + 2.5 * scatter(index, 44)}
          fill="#dfe8ff"
        />
      ))}
    </g>
  );
}

/** The integers from 0 to count - 1. */
export const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** A pseudorandom number in [0, 1) for each index and salt: the same in every render. */
export function scatter(index: number, salt = 0): number {
  let mixed = Math.imul(index + 1, 0x9e3779b1) ^ Math.imul(Math.round(salt) + 7, 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
  mixed = Math.imul(mixed ^ (mixed >>> 12), 0x297a2d39);
  return ((mixed ^ (mixed >>> 15)) >>> 8) / 0x1000000;
}

/** Wood grain: a few wavy lines in a rectangle, along its longer side. */
export function Grain(props: {
  x: number;
  y: number;
  w: number;
  h: number;
  lines?: number;
  colour?: string;
}) {
  const { x, y, w, h, lines = 3, colour = '#1a100d' } = props;
  const upright = h > w;
  const paths = range(lines).map((index) => {
    const at = ((index + 0.6 + 0.5 * scatter(index, x + y)) / (lines + 0.4)) * (upright ? w : h);
    const bow = 3 + 4 * scatter(index, w);
    return upright
      ? `M${x + at} ${y}q${bow} ${h / 4} 0 ${h / 2}t0 ${h / 2}`
      : `M${x} ${y + at}q${w / 4} ${bow} ${w / 2} 0t${w / 2} 0`;
  });
  return <path d={paths.join('')} fill="none" stroke={colour} stroke-width="2" opacity="0.3" />;
}

/** Starting at twelve o'clock. */
const ROMAN = ['XII', 'I', 'II', 'III', 'IIII', 'V', 'VI', 'VII', 'VIII', 'IX', 'X', 'XI'];
const NO_STROKE: readonly [number, string] = [0, ''];
const STROKES: { readonly [letter: string]: readonly [width: number, path: string] } = {
  I: [10, 'M5 -16V16'],
  V: [20, 'M2 -16L10 16L18 -16'],
  X: [20, 'M2 -16L18 16M18 -16L2 16'],
};

/** A clock's twelve numerals as paths, on a circle of radius `r`; their feet point to the centre. */
export function Numerals({ r, size, colour }: { r: number; size: number; colour: string }) {
  return (
    <g fill="none" stroke={colour} stroke-width="4.5">
      {ROMAN.map((numeral, hour) => {
        const letters = numeral.split('').map((letter) => STROKES[letter] ?? NO_STROKE);
        const width = letters.reduce((sum, [advance]) => sum + advance, 0);
        let at = -width / 2;
        return (
          <g key={hour} transform={`rotate(${hour * 30}) translate(0 ${-r}) scale(${size / 32})`}>
            {letters.map(([advance, path], index) => {
              const x = at;
              at += advance;
              return <path key={index} d={path} transform={`translate(${x} 0)`} />;
            })}
          </g>
        );
      })}
    </g>
  );
}

/** A clock hand with a cut-out, pointing up from the origin. */
export function Hand({ length, width, colour }: { length: number; width: number; colour: string }) {
  const w = width / 2;
  const d =
    `M${-w * 0.5} ${length * 0.22}L${-w} ${-length * 0.4}Q${-w * 3} ${-length * 0.58} 0 ${-length * 0.76}` +
    `Q${w * 3} ${-length * 0.58} ${w} ${-length * 0.4}L${w * 0.5} ${length * 0.22}Z` +
    `M0 ${-length * 0.66}Q${-w * 1.2} ${-length * 0.57} 0 ${-length * 0.48}Q${w * 1.2} ${-length * 0.57} 0 ${-length * 0.66}Z`;
  return (
    <g fill={colour}>
      <path d={d} fill-rule="evenodd" />
      <path d={`M${-w * 0.7} ${-length * 0.72}L0 ${-length}L${w * 0.7} ${-length * 0.72}Z`} />
    </g>
  );
}
