/** @jsxImportSource preact */
/** The drawing of the clock chamber: stone walls, the great dial from behind, rafters, floor and moonlight. */
import { At, Glow, Hand, Numerals, range, scatter } from '../art/basics.tsx';
import { paint } from '../art/defs.tsx';
import { memo } from '../art/memo.ts';

export const DIAL = { wide: { x: 985, y: 450, r: 315 }, tall: { x: 500, y: 655, r: 318 } } as const;

export const CHAMBER_DUST = {
  wide: { x: 565, y: 350, w: 840, h: 520 },
  tall: { x: 150, y: 560, w: 700, h: 800 },
};

export const ChamberRoom = memo(function ChamberRoom({ tall }: { tall: boolean }) {
  const [left, right, floor, bottom] = tall ? [-300, 1300, 1330, 2100] : [-300, 2300, 800, 1400];
  const dial = tall ? DIAL.tall : DIAL.wide;
  return (
    <g>
      <rect x={left} y="-400" width={right - left} height={floor + 400} fill={paint('stone')} />
      <Stones left={left} right={right} floor={floor} />
      <Glow x={dial.x} y={dial.y} rx={760} of="cool" />
      <Dial {...dial} />
      <Rafters left={left} right={right} y={tall ? 300 : 92} />
      <BigBell x={tall ? 175 : 1480} y={tall ? 320 : 120} />
      <rect x={left} y={floor} width={right - left} height={bottom - floor} fill={paint('floor')} />
      <g stroke="#0e0b14" stroke-width="4" opacity="0.6">
        {range(23).map((index) => {
          const x = dial.x + (index - 11) * 130;
          return <path key={index} d={`M${x} ${floor}L${dial.x + (x - dial.x) * 2.4} ${bottom}`} />;
        })}
      </g>
      <path d={`M${left} ${floor}H${right}`} stroke="#7f8fbd" stroke-width="3" opacity="0.4" />
      <ellipse cx={dial.x} cy={floor + 90} rx="520" ry="80" fill="#b9c9f5" opacity="0.14" />
      <Rays {...dial} />
    </g>
  );
});

export const ChamberLight = memo(function ChamberLight({ tall }: { tall: boolean }) {
  return (
    <g pointer-events="none">
      <Glow x={tall ? 705 : 1590} y={tall ? 870 : 290} rx={380} of="lamp" />
      {tall ? (
        <rect x="-300" y="-100" width="1600" height="2200" fill={paint('vignette')} />
      ) : (
        <rect x="-300" y="-400" width="2600" height="1800" fill={paint('vignette')} />
      )}
    </g>
  );
});

/** Moonlight from the glass dial to the floor. */
function Rays({ x, y }: { x: number; y: number }) {
  return (
    <g>
      {[-0.95, -0.5, 0.1, 0.62].map((lean, index) => (
        <path
          key={lean}
          d={`M${x - 130 + index * 70} ${y + 60}H${x - 60 + index * 70}L${x + lean * 900 + 170} ${y + 1000}H${x + lean * 900 - 130}Z`}
          fill={paint('ray')}
        />
      ))}
    </g>
  );
}

function Stones({ left, right, floor }: { left: number; right: number; floor: number }) {
  const rows = Math.ceil((floor + 400) / 84);
  const columns = Math.ceil((right - left) / 168);
  return (
    <g>
      {range(rows).map((row) => (
        <g key={row}>
          {range(columns).map((column) => {
            const shade = scatter(row * 31 + column, 71);
            const x = left + column * 168 - (row % 2) * 84;
            return (
              <rect
                key={column}
                x={x + 4}
                y={-400 + row * 84 + 4}
                width="160"
                height="76"
                rx="12"
                fill={shade > 0.5 ? '#6d7aa6' : '#0b0f22'}
                opacity={0.04 + 0.13 * Math.abs(shade - 0.5)}
              />
            );
          })}
        </g>
      ))}
    </g>
  );
}

/** The dial from behind: its face is mirrored. */
function Dial({ x, y, r }: { x: number; y: number; r: number }) {
  return (
    <At x={x} y={y}>
      <circle r={r + 46} fill="#141828" />
      <circle r={r + 40} fill={paint('iron')} />
      <circle r={r + 40} fill="none" stroke="#7f8fbd" stroke-width="3" opacity="0.5" />
      {range(24).map((bolt) => (
        <circle
          key={bolt}
          cx={(r + 22) * Math.cos(bolt * 0.2618)}
          cy={(r + 22) * Math.sin(bolt * 0.2618)}
          r="6"
          fill="#8b95b5"
        />
      ))}
      <circle r={r + 4} fill="#141828" />
      <circle r={r} fill={paint('dial')} />
      <clipPath id="dh-dialclip">
        <circle r={r} />
      </clipPath>
      <g clip-path="url(#dh-dialclip)">
        <circle cx={-r * 0.42} cy={-r * 0.36} r={r * 0.34} fill="#fffbe6" opacity="0.85" />
        <Glow x={-r * 0.42} y={-r * 0.36} rx={r * 1.1} of="moonGlow" />
        <g fill="#56679a" opacity="0.5">
          <path d={`M${-r} ${r * 0.56}Q${-r * 0.4} ${r * 0.4} 0 ${r * 0.56}T${r} ${r * 0.5}V${r}H${-r}Z`} />
          <path
            d={`M${-r} ${r * 0.74}L${-r * 0.7} ${r * 0.6}L${-r * 0.5} ${r * 0.76}L${-r * 0.2} ${r * 0.62}L0 ${r * 0.78}L${r * 0.3} ${r * 0.64}L${r * 0.5} ${r * 0.78}L${r} ${r * 0.66}V${r}H${-r}Z`}
            fill="#3c4a7c"
          />
        </g>
        <path
          d={`M${-r} ${-r * 0.2}L${r * 0.1} ${-r}H${r * 0.5}L${-r} ${r * 0.5}Z`}
          fill="#fff"
          opacity="0.16"
        />
      </g>
      <g transform="scale(-1 1)">
        <circle r={r * 0.93} fill="none" stroke="#273055" stroke-width="5" />
        <circle r={r * 0.66} fill="none" stroke="#273055" stroke-width="3" />
        <g stroke="#273055" stroke-width="5">
          {range(60).map((minute) => (
            <path
              key={minute}
              d={`M0 ${-r * 0.93}V${-r * (minute % 5 === 0 ? 0.87 : 0.9)}`}
              transform={`rotate(${minute * 6})`}
            />
          ))}
        </g>
        <Numerals r={r * 0.775} size={52} colour="#273055" />
        <g transform="rotate(-2.5)" opacity="0.92">
          <Hand length={r * 0.56} width={26} colour="#1d2442" />
        </g>
        <g transform="rotate(-30)" opacity="0.92">
          <Hand length={r * 0.84} width={18} colour="#1d2442" />
        </g>
      </g>
      <path
        d={`M${-r} 0H${r}M0 ${-r}V${r}M${-r * 0.707} ${-r * 0.707}L${r * 0.707} ${r * 0.707}M${r * 0.707} ${-r * 0.707}L${-r * 0.707} ${r * 0.707}`}
        stroke="#1d2442"
        stroke-width="6"
        opacity="0.4"
      />
      <circle r={r} fill="none" stroke="#fff" stroke-width="4" opacity="0.35" />
    </At>
  );
}

function Rafters({ left, right, y }: { left: number; right: number; y: number }) {
  return (
    <g>
      <rect x={left} y="-500" width={right - left} height={y + 430} fill={paint('roof')} opacity="0.85" />
      <rect
        x={left}
        y={y - 20}
        width={right - left}
        height="24"
        fill="#07060d"
        opacity="0.5"
        transform="translate(0 46)"
      />
      <rect x={left} y={y - 40} width={right - left} height="66" fill={paint('beam')} />
      <path d={`M${left} ${y - 36}H${right}`} stroke="#a9b8e4" stroke-width="3" opacity="0.35" />
      {range(5).map((index) => (
        <path
          key={index}
          d={`M${left + index * 560 - 100} -500L${left + index * 560 + 160} ${y - 36}`}
          stroke="#33241f"
          stroke-width="52"
        />
      ))}
    </g>
  );
}

function BigBell({ x, y }: { x: number; y: number }) {
  return (
    <At x={x} y={y}>
      <path d="M-70 0H70V22H-70Z" fill={paint('iron')} />
      <path d="M-14 20H14V44H-14Z" fill="#1b1e2e" />
      <path d="M-96 190Q-70 160 -64 100Q-58 40 0 38Q58 40 64 100Q70 160 96 190Z" fill={paint('brassDark')} />
      <path
        d="M-96 190Q-70 160 -64 100Q-58 40 0 38Q-36 60 -38 110Q-40 160 -60 190Z"
        fill="#f0cf86"
        opacity="0.4"
      />
      <path d="M-72 150H72M-66 116H66" stroke="#3a2412" stroke-width="4" opacity="0.7" />
      <ellipse cx="0" cy="190" rx="96" ry="15" fill="#20140c" />
      <circle cy="200" r="17" fill="#5a4326" />
      <path d="M92 60L150 20" stroke="#454d63" stroke-width="12" />
      <circle cx="92" cy="62" r="15" fill={paint('steel')} />
    </At>
  );
}
