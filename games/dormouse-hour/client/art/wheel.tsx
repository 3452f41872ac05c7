/** @jsxImportSource preact */
/** Toothed wheels that mesh: their outline, size, and the angles at which two of them interlock. */
import { range } from './basics.tsx';
import { paint } from './defs.tsx';

/** Radius of the pitch circle per tooth, in units of the board. */
export const UNITS_PER_TOOTH = 5.5;
export const wheelRadius = (teeth: number): number => teeth * UNITS_PER_TOOTH;

const point = (r: number, angle: number): string =>
  `${(r * Math.cos(angle)).toFixed(1)} ${(r * Math.sin(angle)).toFixed(1)}`;

/** The outline as a path. The first tooth is centred on direction 0 (to the right). */
export function toothPath(teeth: number): string {
  const r = wheelRadius(teeth);
  const [tip, root] = [r + 8, r - 9];
  const step = (2 * Math.PI) / teeth;
  const points = range(teeth).map((tooth) => {
    const a = tooth * step;
    return [
      `${tooth === 0 ? 'M' : 'L'}${point(root, a - step * 0.34)}`,
      `L${point(tip, a - step * 0.15)}`,
      `L${point(tip, a + step * 0.15)}`,
      `L${point(root, a + step * 0.34)}`,
    ].join('');
  });
  return `${points.join('')}Z`;
}

/** Openings between the spokes, as a path; empty if the wheel is too small. */
function windows(teeth: number): string {
  const r = wheelRadius(teeth);
  const spokes = teeth >= 20 ? 6 : teeth >= 16 ? 5 : 4;
  const [outer, inner] = [r - 20, 22 + teeth * 0.5];
  if (outer - inner < 8) return '';
  const step = (2 * Math.PI) / spokes;
  return range(spokes)
    .map((spoke) => {
      const [from, to] = [spoke * step + 0.16 + 5 / outer, (spoke + 1) * step - 0.16 - 5 / outer];
      const slack = (outer / inner - 1) * 0.07;
      return (
        `M${point(outer, from)}A${outer} ${outer} 0 0 1 ${point(outer, to)}` +
        `L${point(inner, to - slack)}A${inner} ${inner} 0 0 0 ${point(inner, from + slack)}Z`
      );
    })
    .join('');
}

export function Wheel({
  teeth,
  steel = false,
  engraved = true,
}: {
  teeth: number;
  steel?: boolean;
  engraved?: boolean;
}) {
  const metal = steel ? 'steel' : 'brass';
  const shape = toothPath(teeth) + windows(teeth);
  return (
    <g>
      <path d={shape} fill="#07060d" fill-rule="evenodd" opacity="0.45" transform="translate(5 8)" />
      <path
        d={shape}
        fill={paint(metal)}
        fill-rule="evenodd"
        stroke={steel ? '#2b3042' : '#50310f'}
        stroke-width="1.5"
      />
      <circle
        r={wheelRadius(teeth) - 13}
        fill="none"
        stroke={steel ? '#e8edf5' : '#fff0bd'}
        stroke-width="1.5"
        opacity="0.5"
      />
      <circle
        r={18 + teeth * 0.4}
        fill={paint(steel ? 'steel' : 'boss')}
        stroke={steel ? '#2b3042' : '#50310f'}
        stroke-width="1.5"
      />
      {engraved && (
        <g>
          <circle r={wheelRadius(teeth) * 0.5} fill="#f8ecc9" stroke="#50310f" stroke-width="2" />
          <text
            y="0.36em"
            text-anchor="middle"
            font-size={wheelRadius(teeth) * 0.62}
            font-weight="700"
            fill="#2b1a0c"
          >
            {teeth}
          </text>
        </g>
      )}
    </g>
  );
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/**
 * The rotation (radians) of each wheel of a line at which it interlocks with the previous one: where one has
 * a tooth on the line between the two centres, the other has a gap. 0 for the first wheel, for an empty
 * arbor, and after one.
 */
export function meshAngles(points: readonly Point[], teeth: readonly number[]): number[] {
  const angles = [0];
  for (let index = 1; index < points.length; index++) {
    const [from, to] = [points[index - 1], points[index]];
    const [before, here] = [teeth[index - 1] ?? 0, teeth[index] ?? 0];
    if (!from || !to || before === 0 || here === 0) {
      angles.push(0);
      continue;
    }
    const angle = Math.atan2(to.y - from.y, to.x - from.x);
    const phase = before * (angle - (angles[index - 1] ?? 0));
    angles.push(angle + Math.PI - (Math.PI - phase) / here);
  }
  return angles;
}
