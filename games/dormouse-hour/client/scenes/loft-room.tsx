/** @jsxImportSource preact */
/** The drawing of the loft: walls, roof, window, floor and light, for wide and tall containers. */
import { At, Glow, Grain, range, scatter } from '../art/basics.tsx';
import { paint } from '../art/defs.tsx';
import { memo } from '../art/memo.ts';

export interface RoomProperties {
  readonly tall: boolean;
}

/** Edges of wall and floor; `middle` is the x on which the floor's planks converge. */
const LINES = {
  wide: { floor: 790, bottom: 1400, middle: 1000, left: -300, right: 2300 },
  tall: { floor: 1250, bottom: 2000, middle: 500, left: -300, right: 1300 },
} as const;

export const LoftRoom = memo(function LoftRoom({ tall }: RoomProperties) {
  const lines = tall ? LINES.tall : LINES.wide;
  return (
    <g>
      <Wall {...lines} />
      <Roof tall={tall} />
      <Floor {...lines} />
      {tall ? <Window x={325} y={590} s={0.98} /> : <Window x={735} y={395} s={1} />}
      {tall ? null : <Stove x={205} y={830} />}
      {tall ? <Moonbeam x={325} y={590} r={132} far={980} /> : <Moonbeam x={735} y={395} r={136} far={860} />}
      <Rug x={lines.middle} y={lines.floor + (tall ? 300 : 105)} rx={tall ? 350 : 400} />
    </g>
  );
});

/** The area of the dust in the moonbeam. */
export const LOFT_DUST = {
  wide: { x: 780, y: 480, w: 330, h: 400 },
  tall: { x: 360, y: 700, w: 340, h: 640 },
};

/** The light over all things: lamp, stove, dark corners. */
export const LoftLight = memo(function LoftLight({ tall }: RoomProperties) {
  const lamp = tall ? { x: 520, y: 380 } : { x: 1255, y: 168 };
  return (
    <g pointer-events="none">
      <Lamp {...lamp} />
      <Glow x={lamp.x} y={lamp.y + 60} rx={620} of="lamp" />
      <Glow x={tall ? 60 : 205} y={tall ? 1500 : 770} rx={280} of="ember" />
      {tall ? (
        <rect x="-300" y="-100" width="1600" height="2100" fill={paint('vignette')} />
      ) : (
        <rect x="-300" y="-400" width="2600" height="1800" fill={paint('vignette')} />
      )}
    </g>
  );
});

function Wall({ floor, left, right }: { floor: number; left: number; right: number }) {
  const count = Math.ceil((right - left) / 92);
  return (
    <g>
      <rect x={left} y="-400" width={right - left} height={floor + 400} fill={paint('wall')} />
      <g stroke="#150f1c" stroke-width="3" opacity="0.5">
        {range(count).map((index) => (
          <path key={index} d={`M${left + index * 92} -400V${floor}`} />
        ))}
      </g>
      <g fill="none" stroke="#150f1c" stroke-width="2" opacity="0.28">
        {range(count * 2).map((index) => {
          const x = left + 14 + (index / 2) * 92 + 20 * scatter(index, 1);
          const y = 60 + (floor - 160) * scatter(index, 2);
          return <path key={index} d={`M${x} ${y}q10 40 0 90t6 90M${x + 9} ${y + 20}q6 30 0 70`} />;
        })}
      </g>
      <rect x={left} y={floor - 34} width={right - left} height="34" fill={paint('woodDark')} />
      <path d={`M${left} ${floor - 34}H${right}`} stroke="#8a6a58" stroke-width="2" opacity="0.6" />
    </g>
  );
}

function Roof({ tall }: RoomProperties) {
  const slopes = tall
    ? ['M-300 -400H360L-300 760Z', 'M1300 -400H640L1300 760Z']
    : ['M-300 -400H640L-300 560Z', 'M2300 -400H1360L2300 560Z'];
  const beams = tall
    ? ['M360 -400L-300 760', 'M640 -400L1300 760', 'M-300 300H1300']
    : ['M640 -400L-300 560', 'M1360 -400L2300 560', 'M-300 128H2300'];
  return (
    <g>
      {slopes.map((d) => (
        <path key={d} d={d} fill={paint('roof')} />
      ))}
      {beams.map((d, index) => (
        <g key={d}>
          <path d={d} stroke="#120c10" stroke-width="66" opacity="0.5" transform="translate(0 14)" />
          <path d={d} stroke="#4b3428" stroke-width="58" />
          <path
            d={d}
            stroke="#6e4f3a"
            stroke-width="10"
            transform={`translate(0 ${index === 2 ? -20 : -24})`}
            opacity="0.8"
          />
          <path d={d} stroke="#2b1c17" stroke-width="3" stroke-dasharray="180 40 260 60" opacity="0.6" />
        </g>
      ))}
      <Bunch x={tall ? 160 : 1560} y={tall ? 330 : 158} />
      <Bunch x={tall ? 920 : 1640} y={tall ? 330 : 158} />
    </g>
  );
}

/** A bunch of herbs, hung up to dry. */
function Bunch({ x, y }: { x: number; y: number }) {
  return (
    <g transform={`translate(${x} ${y})`} fill="none" stroke-linecap="round">
      <path d="M0 0V26" stroke="#c7a87a" stroke-width="3" />
      <path
        d="M0 26Q-22 60 -24 96M0 26Q-8 66 -6 108M0 26Q12 66 12 104M0 26Q24 58 28 88"
        stroke="#55664a"
        stroke-width="7"
      />
      <path d="M-24 96v6M-6 108v6M12 104v6M28 88v6" stroke="#a88fc0" stroke-width="11" />
      <path d="M-7 34H7" stroke="#c7a87a" stroke-width="5" />
    </g>
  );
}

function Floor({ floor, bottom, middle, left, right }: (typeof LINES)['wide' | 'tall']) {
  return (
    <g>
      <rect x={left} y={floor} width={right - left} height={bottom - floor} fill={paint('floor')} />
      <g stroke="#120b0e" stroke-width="3" opacity="0.55">
        {range(25).map((index) => {
          const x = middle + (index - 12) * 110;
          return <path key={index} d={`M${x} ${floor}L${middle + (x - middle) * 2.6} ${bottom}`} />;
        })}
      </g>
      <rect
        x={left}
        y={floor}
        width={right - left}
        height="60"
        fill={paint('shade')}
        transform={`rotate(180 ${middle} ${floor + 30})`}
        opacity="0.6"
      />
    </g>
  );
}

function Rug({ x, y, rx }: { x: number; y: number; rx: number }) {
  const ry = rx * 0.17;
  return (
    <g>
      <ellipse cx={x} cy={y + 6} rx={rx} ry={ry} fill="#120b0e" opacity="0.5" />
      <ellipse cx={x} cy={y} rx={rx} ry={ry} fill="#7c3540" />
      <ellipse
        cx={x}
        cy={y}
        rx={rx * 0.88}
        ry={ry * 0.86}
        fill="none"
        stroke="#d9b06a"
        stroke-width="5"
        stroke-dasharray="20 12"
      />
      <ellipse cx={x} cy={y} rx={rx * 0.72} ry={ry * 0.7} fill="#3d5560" />
      <ellipse cx={x} cy={y} rx={rx * 0.4} ry={ry * 0.4} fill="#7c3540" />
      <ellipse cx={x} cy={y} rx={rx * 0.4} ry={ry * 0.4} fill="none" stroke="#d9b06a" stroke-width="4" />
    </g>
  );
}

function Window({ x, y, s }: { x: number; y: number; s: number }) {
  return (
    <At x={x} y={y} s={s}>
      <Glow x={0} y={0} rx={330} of="cool" />
      <circle r="178" fill="#2a1b19" />
      <circle r="172" fill={paint('wood')} />
      <circle r="146" fill="#2a1b19" />
      <clipPath id="dh-pane">
        <circle r="140" />
      </clipPath>
      <g clip-path="url(#dh-pane)">
        <rect x="-140" y="-140" width="280" height="280" fill={paint('sky')} />
        {range(22).map((index) => (
          <circle
            key={index}
            cx={280 * scatter(index, 51) - 140}
            cy={150 * scatter(index, 52) - 140}
            r={0.8 + 1.6 * scatter(index, 53)}
            fill="#fff8e0"
            opacity="0.8"
          />
        ))}
        <Glow x={52} y={-46} rx={120} of="moonGlow" />
        <circle cx="52" cy="-46" r="38" fill={paint('moon')} />
        <circle cx="44" cy="-56" r="8" fill="#d8c796" opacity="0.5" />
        <circle cx="62" cy="-38" r="6" fill="#d8c796" opacity="0.5" />
        <path d="M-140 50Q-70 20 0 48T140 40V140H-140Z" fill="#33487f" />
        <path
          d="M-140 86L-112 60L-86 84V72L-60 48L-34 72V92L-10 70L16 92V78L44 54L72 80L92 64L140 96V140H-140Z"
          fill="#161d42"
        />
        <path
          d="M-104 92h10v14h-10zM-66 82h9v13h-9zM-4 98h9v12h-9zM34 88h10v14h-10zM58 92h9v12h-9zM98 98h9v12h-9z"
          fill="#ffce7d"
        />
        <path d="M-140 -20L-30 -140H30L-110 40Z" fill="#fff" opacity="0.06" />
      </g>
      <path d="M-142 0H142M0 -142V142" stroke="#3a261f" stroke-width="15" />
      <path d="M-142 -4H142M-4 -142V142" stroke="#8a6242" stroke-width="4" />
      <circle r="141" fill="none" stroke="#8ea9ee" stroke-width="3" opacity="0.45" />
      <path d="M-150 -92A176 176 0 0 1 92 -150" fill="none" stroke="#d4a273" stroke-width="5" opacity="0.6" />
      <path d="M-190 168H190L204 196H-204Z" fill={paint('woodLit')} />
      <path d="M-204 196H204V210H-204Z" fill="#3a261f" />
      <At x={-120} y={166}>
        <path d="M-22 -36H22L16 0H-16Z" fill="#a55a3a" />
        <path d="M-22 -36H22V-28H-22Z" fill="#c77a52" />
        <path
          d="M0 -36Q-30 -60 -26 -88Q-6 -74 0 -40Q2 -84 26 -96Q32 -62 2 -38Q26 -60 44 -58Q36 -36 4 -34"
          fill="#4f7a54"
        />
      </At>
    </At>
  );
}

/** From the window down to the right, in two parts: the window's bar is between them. */
function Moonbeam({ x, y, r, far }: { x: number; y: number; r: number; far: number }) {
  const point = (across: number, along: number): string =>
    `${x + across * r * 0.84 + along * 0.54} ${y - across * r * 0.54 + along * 0.84}`;
  return (
    <g fill={paint('slant')}>
      <path d={`M${point(-1, 0)}L${point(-0.08, 0)}L${point(-0.12, far)}L${point(-1.5, far)}Z`} />
      <path d={`M${point(0.08, 0)}L${point(1, 0)}L${point(1.5, far)}L${point(0.12, far)}Z`} />
    </g>
  );
}

function Stove({ x, y }: { x: number; y: number }) {
  return (
    <At x={x} y={y}>
      <ellipse cx="0" cy="4" rx="120" ry="18" fill="#07060d" opacity="0.6" />
      <path d="M-22 -250V-1200H22V-250Z" fill={paint('iron')} />
      <path d="M-22 -250V-1200H-12V-250Z" fill="#6a718c" opacity="0.5" />
      <path d="M-28 -470H28V-448H-28ZM-28 -800H28V-778H-28Z" fill="#3b4158" />
      <path d="M-78 -20L-92 10H-70L-58 -20ZM78 -20L92 10H70L58 -20Z" fill="#1b1e2e" />
      <path d="M-92 -24Q-112 -140 -62 -228H62Q112 -140 92 -24Z" fill={paint('iron')} />
      <path d="M-92 -24Q-112 -140 -62 -228H-40Q-84 -140 -70 -24Z" fill="#656c88" opacity="0.5" />
      <rect x="-100" y="-246" width="200" height="24" rx="8" fill="#3b4158" />
      <rect x="-52" y="-150" width="104" height="82" rx="12" fill="#14131c" />
      <rect x="-44" y="-142" width="88" height="66" rx="8" fill="#ff8a3a" class="dh-flicker" />
      <path
        d="M-36 -78Q-40 -112 -22 -126Q-20 -104 -8 -100Q-10 -126 6 -138Q8 -108 24 -104Q30 -118 32 -122Q42 -98 36 -78Z"
        fill="#ffd36b"
        class="dh-flicker"
      />
      <path d="M-30 -150V-68M-8 -150V-68M14 -150V-68M36 -150V-68" stroke="#14131c" stroke-width="6" />
      <Grain x={-60} y={-56} w={120} h={20} lines={1} />
      <At x={-34} y={-246}>
        <path d="M-30 0Q-40 -46 0 -50Q40 -46 30 0Z" fill="#4e7f86" />
        <path d="M30 -34L52 -46L50 -36L32 -16Z" fill="#3d656b" />
        <path d="M-22 -46Q0 -92 22 -46" stroke="#2b3042" stroke-width="5" fill="none" />
        <circle cy="-54" r="6" fill="#d5a650" />
      </At>
    </At>
  );
}

function Lamp({ x, y }: { x: number; y: number }) {
  return (
    <At x={x} y={y} s={0.86}>
      <path d="M0 -700V-40" stroke="#1a1217" stroke-width="5" />
      <path d="M-70 22Q-60 -44 0 -46Q60 -44 70 22Z" fill="#36574f" />
      <path d="M-70 22Q-60 -44 0 -46Q-40 -30 -48 22Z" fill="#6fa08f" opacity="0.6" />
      <ellipse cy="22" rx="70" ry="12" fill="#ffe6ae" />
      <circle cy="26" r="18" fill="#fff3cf" />
      <path d="M-70 30L-330 640H330L70 30Z" fill={paint('lampLight')} opacity="0.55" />
    </At>
  );
}
