/** @jsxImportSource preact */
/** Drawing of the town at night with its clock tower, for cover, opening and ending; 1600 × 1000. */
import { memo } from './memo.ts';
import { At, Glow, Hand, Numerals, range, scatter } from './basics.tsx';
import { paint } from './defs.tsx';

interface TownProperties {
  /** The ending: the hands show twelve, the windows go dark one after another, snow falls. */
  readonly asleep?: boolean;
}

export const Town = memo(function Town({ asleep = false }: TownProperties) {
  return (
    <g class={asleep ? 'dh-town dh-asleep' : 'dh-town'}>
      <Sky />
      <Hills />
      <FarHouses />
      <Tower asleep={asleep} />
      <NearHouses />
      <Trees />
      <rect y="560" width="1600" height="440" fill={paint('mist')} opacity="0.35" />
      <rect x="-200" y="-160" width="2000" height="1260" fill={paint('vignette')} />
    </g>
  );
});

function Sky() {
  return (
    <g>
      <rect y="-120" width="1600" height="1120" fill={paint('sky')} />
      {range(90).map((index) => (
        <circle
          key={index}
          cx={1600 * scatter(index, 3)}
          cy={520 * scatter(index, 7) ** 1.4}
          r={0.8 + 1.8 * scatter(index, 11) ** 3}
          fill="#f4f0dc"
          opacity={0.35 + 0.6 * scatter(index, 5)}
        />
      ))}
      <Glow x={1010} y={300} rx={420} of="moonGlow" />
      <circle cx="1010" cy="300" r="132" fill={paint('moon')} />
      <g fill="#d8c796" opacity="0.5">
        <ellipse cx="980" cy="262" rx="30" ry="22" />
        <ellipse cx="1056" cy="330" rx="24" ry="18" />
        <ellipse cx="1000" cy="362" rx="16" ry="11" />
        <ellipse cx="1062" cy="252" rx="13" ry="10" />
      </g>
      <g fill="#c4d0ea" opacity="0.16">
        <path d="M180 240Q300 200 420 232Q520 206 640 240Q520 262 400 254Q290 268 180 240Z" />
        <path d="M1080 420Q1200 392 1300 414Q1420 396 1520 424Q1400 446 1290 436Q1180 448 1080 420Z" />
      </g>
    </g>
  );
}

function Hills() {
  return (
    <g>
      <path d="M0 640Q220 520 460 600T900 570T1300 590T1600 560V1000H0Z" fill="#3b5288" />
      <path d="M0 720Q260 620 560 690T1100 660T1600 690V1000H0Z" fill="#28386a" />
      <rect y="560" width="1600" height="180" fill={paint('mist')} opacity="0.6" />
      <path d="M0 830Q360 730 800 770T1600 800V1000H0Z" fill="#172247" />
    </g>
  );
}

/** Continuous animation, for a second SVG over the town, so that the browser does not repaint the town. */
export const TownAnimation = memo(function TownMovers({ asleep = false }: TownProperties) {
  return <g>{asleep ? <Snow /> : <Leaves />}</g>;
});

interface HouseProperties {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
  readonly tone: string;
  readonly roof: string;
  readonly seed: number;
}

function House({ x, y, w, h, tone, roof, seed }: HouseProperties) {
  const rows = h > 100 ? 2 : 1;
  const columns = w > 110 ? 3 : 2;
  const peak = w * (0.42 + 0.22 * scatter(seed, 2));
  const size = Math.min(22, w / (columns * 2.2));
  return (
    <g transform={`translate(${x} ${y})`}>
      <rect x={w * 0.68} y={-h - peak * 0.92} width={w * 0.12} height={peak * 0.6} fill={roof} />
      <rect y={-h} width={w} height={h} fill={tone} />
      <path d={`M${-w * 0.08} ${-h}L${w * 0.5} ${-h - peak}L${w * 1.08} ${-h}Z`} fill={roof} />
      <path
        d={`M${w * 0.5} ${-h - peak}L${w * 1.08} ${-h}`}
        stroke="#aebfe6"
        stroke-width="2.5"
        opacity="0.55"
      />
      {range(rows * columns).map((index) => {
        const [column, row] = [index % columns, Math.floor(index / columns)];
        const wx = ((column + 0.5) * w) / columns - size / 2;
        const wy = -h + 18 + row * (size * 1.5 + 14);
        return (
          <g
            key={index}
            class="dh-window"
            style={{ animationDelay: `${2.5 + 7 * scatter(seed * 7 + index, 9)}s` }}
          >
            <ellipse
              cx={wx + size / 2}
              cy={wy + size * 0.7}
              rx={size * 2}
              ry={size * 2.2}
              fill={paint('lamp')}
              opacity="0.5"
            />
            <path
              d={`M${wx} ${wy + size * 1.4}V${wy + size * 0.4}Q${wx + size / 2} ${wy - size * 0.3} ${wx + size} ${wy + size * 0.4}V${wy + size * 1.4}Z`}
              fill="#ffcf7a"
            />
            <path
              d={`M${wx + size / 2} ${wy}V${wy + size * 1.4}M${wx} ${wy + size * 0.75}H${wx + size}`}
              stroke={tone}
              stroke-width="2"
            />
          </g>
        );
      })}
      <g class="dh-roofsnow" opacity="0" fill="#e8eefc">
        <path
          d={`M${-w * 0.08} ${-h}L${w * 0.5} ${-h - peak}L${w * 1.08} ${-h}L${w * 0.96} ${-h - 4}L${w * 0.5} ${-h - peak + 16}L${w * 0.04} ${-h - 4}Z`}
        />
      </g>
    </g>
  );
}

function FarHouses() {
  const houses = [
    [90, 742, 92, 78],
    [206, 726, 76, 92],
    [320, 716, 104, 70],
    [470, 716, 80, 86],
    [1030, 712, 86, 82],
    [1150, 716, 108, 74],
    [1300, 722, 80, 96],
    [1420, 726, 110, 72],
  ] as const;
  return houses.map(([x, y, w, h], index) => (
    <House key={x} x={x} y={y} w={w} h={h} tone="#2c3967" roof="#1f2a52" seed={index + 1} />
  ));
}

function NearHouses() {
  const houses = [
    [-40, 930, 190, 130],
    [190, 905, 150, 150],
    [390, 900, 170, 118],
    [1010, 896, 160, 128],
    [1210, 904, 150, 156],
    [1400, 925, 210, 132],
  ] as const;
  return (
    <g>
      {houses.map(([x, y, w, h], index) => (
        <House key={x} x={x} y={y} w={w} h={h} tone="#1b2144" roof="#10142f" seed={index + 20} />
      ))}
      <path d="M0 920Q300 880 640 905Q780 860 960 905Q1260 876 1600 920V1000H0Z" fill="#0d1230" />
      <path
        class="dh-roofsnow"
        opacity="0"
        d="M0 920Q300 880 640 905Q780 860 960 905Q1260 876 1600 920V938Q1260 900 960 924Q780 884 640 924Q300 904 0 938Z"
        fill="#dfe8fb"
      />
    </g>
  );
}

function Tower({ asleep }: { asleep: boolean }) {
  return (
    <g>
      <path d="M672 910L690 300H910L928 910Z" fill="#2a3158" />
      <path d="M690 300H770L752 910H672Z" fill="#1e2446" />
      <path d="M896 300H910L928 910H912Z" fill="#8ea3d6" opacity="0.55" />
      <g stroke="#151a38" stroke-width="2.5" opacity="0.55">
        {range(11).map((row) => (
          <path key={row} d={`M${686 - row * 1.4} ${350 + row * 52}H${914 + row * 1.4}`} />
        ))}
      </g>
      <path d="M660 300H940L926 274H674Z" fill="#3a4371" />
      <path d="M702 274V170H898V274Z" fill="#212850" />
      <path
        d="M730 274V214Q762 176 794 214V274ZM806 274V214Q838 176 870 214V274Z"
        fill="#ffc56a"
        opacity="0.85"
        class="dh-window"
        style={{ animationDelay: '10s' }}
      />
      <path d="M762 222q-16 6 -16 30h32q0 -24 -16 -30M838 222q-16 6 -16 30h32q0 -24 -16 -30" fill="#3f2a1c" />
      <path d="M676 174H924L800 -6Z" fill="#161b3c" />
      <path d="M800 -6L924 174H896Z" fill="#95a9da" opacity="0.5" />
      <path class="dh-roofsnow" opacity="0" d="M676 174H706L800 34L894 174H924L800 -6Z" fill="#e8eefc" />
      <path d="M800 -2V-22" stroke="#8d5f26" stroke-width="5" />
      <path d="M786 -36Q788 -16 800 -10Q812 -16 814 -36Z" fill={paint('gold')} />
      <path d="M780 -35Q784 -52 800 -52Q816 -52 820 -35Z" fill="#a8763a" />
      <path d="M800 -52V-62" stroke="#a8763a" stroke-width="4" />
      <Glow x={800} y={430} rx={230} of="lamp" />
      <At x={800} y={430}>
        <circle r="104" fill="#5f4522" />
        <circle r="96" fill={paint('gold')} />
        <circle r="86" fill="#fbf1cf" />
        <circle r="86" fill={paint('dial')} opacity="0.55" />
        <Numerals r={68} size={17} colour="#3a2a20" />
        <g class="dh-minute" transform={asleep ? 'rotate(0)' : 'rotate(-30)'}>
          <Hand length={74} width={9} colour="#241a18" />
        </g>
        <g transform={asleep ? 'rotate(0)' : 'rotate(-2.5)'}>
          <Hand length={50} width={12} colour="#241a18" />
        </g>
        <circle r="8" fill={paint('boss')} />
      </At>
      <path d="M766 910V800Q800 752 834 800V910Z" fill="#0f1330" />
      <path
        d="M776 910V806Q800 772 824 806V910Z"
        fill="#ffb65a"
        opacity="0.6"
        class="dh-window"
        style={{ animationDelay: '11s' }}
      />
      <path
        d="M784 610q16 -22 32 0v44h-32zM788 700q12 -18 24 0v36h-24z"
        fill="#ffcf7a"
        class="dh-window"
        style={{ animationDelay: '9s' }}
      />
    </g>
  );
}

function Trees() {
  const branch =
    'M0 0Q-6 -90 4 -170M2 -70Q-34 -110 -46 -160M-26 -116Q-52 -128 -66 -124M2 -100Q34 -130 44 -186M30 -142Q54 -150 66 -144M4 -130Q-10 -170 -18 -206M4 -150Q16 -190 14 -222';
  return (
    <g stroke="#0a0e27" fill="none" stroke-linecap="round">
      <g transform="translate(600 930) scale(1.15)" stroke-width="7">
        <path d={branch} />
      </g>
      <g transform="translate(1004 940) scale(-0.95 1)" stroke-width="7">
        <path d={branch} />
      </g>
      <g transform="translate(60 990) scale(1.5)" stroke-width="7">
        <path d={branch} />
      </g>
      <g transform="translate(1560 1000) scale(-1.6 1.5)" stroke-width="7">
        <path d={branch} />
      </g>
    </g>
  );
}

function Leaves() {
  return range(16).map((index) => (
    <g key={index} transform={`translate(${1600 * scatter(index, 21)} ${380 + 560 * scatter(index, 22)})`}>
      <path
        class="dh-leaf"
        style={{ animationDelay: `${-12 * scatter(index, 23)}s` }}
        d="M0 0Q8 -12 20 -8Q16 6 0 0Z"
        fill={['#d98a3a', '#b8552f', '#e0ae4c'][index % 3] ?? ''}
      />
    </g>
  ));
}

function Snow() {
  return range(48).map((index) => (
    <circle
      key={index}
      class="dh-flake"
      style={{
        animationDelay: `${3 - 9 * scatter(index, 31)}s`,
        animationDuration: `${7 + 6 * scatter(index, 33)}s`,
      }}
      cx={1600 * scatter(index, 32)}
      cy="-20"
      r={2 + 4 * scatter(index, 34)}
      fill="#f4f8ff"
      opacity={0.5 + 0.5 * scatter(index, 35)}
    />
  ));
}
