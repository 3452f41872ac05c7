/** @jsxImportSource preact */
/** Drawings of the things in the loft. The origin of each is where it stands, hangs or lies. */
import type { State } from '../../rules/state.ts';
import { Nightingale, SleepingKeeper, Snores } from '../art/animals.tsx';
import { At, Glow, Grain, range, Shadow } from '../art/basics.tsx';
import { paint } from '../art/defs.tsx';
import { Frame } from '../art/frame.tsx';
import { Head } from '../art/heads.tsx';
import { Crank, Key } from '../art/items.tsx';
import { Wheel } from '../art/wheel.tsx';

/** The four portraits in rows of `columns`; each is about 130 × 160 around its centre. */
export function PortraitWall({ state, columns }: { state: State; columns: number }) {
  return (
    <g>
      {state.drawer.portraits.map(({ face }, place) => (
        <At key={place} x={(place % columns) * 150} y={Math.floor(place / columns) * 185} s={1}>
          <Frame face={face} tilt={[-1.5, 1, -0.5, 1.8][place] ?? 0} />
        </At>
      ))}
    </g>
  );
}

/** The workbench with the locked drawer; about 540 wide, 330 high. */
export function Bench({ state }: { state: State }) {
  const { drawer } = state;
  return (
    <g>
      <Shadow rx={300} ry={26} y={2} />
      <path d="M-246 -226H-206V0H-246ZM206 -226H246V0H206Z" fill={paint('wood')} />
      <path d="M-206 -60H206V-36H-206Z" fill={paint('woodDark')} />
      <Books />
      <rect x="-206" y="-228" width="412" height="120" fill={paint('woodDark')} />
      <rect x="-196" y="-222" width="392" height="108" rx="6" fill={paint('wood')} />
      <Grain x={-190} y={-216} w={380} h={98} />
      {drawer.open ? <OpenDrawer /> : <Lock wheels={drawer.wheels} />}
      <rect x="-272" y="-262" width="544" height="36" rx="5" fill={paint('woodLit')} />
      <rect x="-272" y="-262" width="544" height="8" rx="4" fill="#dcae7c" opacity="0.7" />
      <Tools />
    </g>
  );
}

function Lock({ wheels }: { wheels: readonly number[] }) {
  return (
    <g>
      <rect x="-150" y="-212" width="300" height="88" rx="14" fill={paint('brass')} />
      <rect x="-144" y="-206" width="288" height="76" rx="10" fill={paint('brassDark')} />
      {wheels.map((face, wheel) => (
        <At key={wheel} x={-104 + wheel * 70} y={-168}>
          <circle r="30" fill="#efe2c0" />
          <circle r="30" fill="none" stroke="#50310f" stroke-width="4" />
          <At x={0} y={3} s={0.44}>
            <Head face={face} />
          </At>
        </At>
      ))}
    </g>
  );
}

function OpenDrawer() {
  return (
    <g>
      <path d="M-170 -206H170L196 -130H-196Z" fill="#1a1013" />
      <path d="M-150 -200H150L168 -146H-168Z" fill="#3a2420" />
      <rect x="-196" y="-146" width="392" height="70" rx="6" fill={paint('woodLit')} />
      <rect x="-120" y="-136" width="240" height="46" rx="10" fill={paint('brassDark')} />
      {range(4).map((index) => (
        <circle
          key={index}
          cx={-84 + index * 56}
          cy="-113"
          r="18"
          fill="#efe2c0"
          stroke="#50310f"
          stroke-width="3"
        />
      ))}
    </g>
  );
}

function Books() {
  return (
    <g>
      <path d="M-180 -60H-150V-112H-180ZM-148 -60H-124V-104H-148ZM-122 -60H-88V-118H-122Z" fill="#5b2f38" />
      <path d="M-148 -60H-124V-104H-148Z" fill="#31525a" />
      <path d="M-180 -100H-150M-122 -104H-88M-122 -74H-88" stroke="#d5a650" stroke-width="3" />
      <path d="M60 -60Q56 -104 90 -104H150Q184 -104 180 -60Z" fill="#a58253" />
      <path
        d="M70 -84H172M70 -70H174M90 -104V-60M120 -104V-60M150 -104V-60"
        stroke="#6e5230"
        stroke-width="4"
      />
    </g>
  );
}

function Tools() {
  return (
    <g>
      <At x={-218} y={-262}>
        <path d="M-30 0H30V-14H14V-46H40V-70H-40V-46H-14V-14H-30Z" fill={paint('iron')} />
        <path d="M-52 -58H-40M40 -58H60" stroke="#7d879c" stroke-width="8" />
      </At>
      <At x={-70} y={-262} s={0.5}>
        <At x={0} y={-70}>
          <Wheel teeth={14} engraved={false} />
        </At>
      </At>
      <At x={6} y={-262}>
        <path d="M-26 0Q-30 -44 0 -46Q30 -44 26 0Z" fill={paint('steel')} />
        <path d="M0 -46V-58L58 -92" stroke="#7d879c" stroke-width="6" fill="none" />
      </At>
      <At x={218} y={-262}>
        <path d="M-18 0H18V-9H-18Z" fill={paint('brass')} />
        <path d="M-9 -9H9V-56H-9Z" fill="#f4ead0" />
        <path d="M0 -62Q-11 -74 0 -94Q11 -74 0 -62Z" fill="#ffd36b" class="dh-flicker" />
      </At>
    </g>
  );
}

/** The keeper's letter on the bench. */
export function Letter() {
  return (
    <g transform="rotate(-6)">
      <path d="M-46 4L-38 -40H44L52 4Z" fill="#07060d" opacity="0.4" transform="translate(5 5)" />
      <path d="M-46 4L-38 -40H44L52 4Z" fill={paint('paper')} />
      <path
        d="M-26 -30H32M-28 -22H36M-30 -14H24M-32 -6H38"
        stroke="#5a4a3a"
        stroke-width="2.6"
        opacity="0.8"
      />
      <circle cx="40" cy="-4" r="7" fill="#b6483e" />
    </g>
  );
}

/** The nightingale under glass on a round table, with its five bells in front; about 280 × 430. */
export function BirdTable({ state }: { state: State }) {
  const { wound, open, right } = state.bird;
  return (
    <g>
      <Shadow rx={130} ry={18} />
      <path d="M-12 -170H12V-30L70 0H40L0 -18L-40 0H-70L-12 -30Z" fill={paint('wood')} />
      <ellipse cx="0" cy="-168" rx="146" ry="26" fill="#3a241c" />
      <ellipse cx="0" cy="-176" rx="146" ry="26" fill={paint('woodLit')} />
      <path
        d="M-120 -170Q-90 -120 -60 -160Q-20 -110 20 -158Q60 -112 118 -168Q60 -150 0 -150Q-60 -150 -120 -170Z"
        fill="#e9dcc0"
        opacity="0.9"
      />
      <ellipse cx="0" cy="-180" rx="120" ry="20" fill="#f4ead0" opacity="0.95" />
      <rect x="-74" y="-240" width="148" height="62" rx="6" fill={paint('wood')} />
      <rect x="-74" y="-240" width="148" height="10" rx="5" fill="#c08b5a" />
      {open ? (
        <path d="M-54 -226H54V-188H-54Z" fill="#140d0c" />
      ) : (
        <rect x="-54" y="-226" width="108" height="38" rx="4" fill={paint('woodDark')} />
      )}
      {wound ? (
        <At x={0} y={-207} s={0.34}>
          <Key />
        </At>
      ) : (
        <path d="M0 -214a6 6 0 0 1 4 11l3 11h-14l3 -11a6 6 0 0 1 4 -11" fill="#0c0808" />
      )}
      <At x={2} y={-250} s={0.95}>
        <Nightingale open={open} />
      </At>
      <path
        d="M-86 -240V-326A88 96 0 0 1 90 -326V-240Z"
        fill={paint('glassBlue')}
        stroke="#dce8ff"
        stroke-width="3"
        stroke-opacity="0.5"
      />
      <path
        d="M-68 -262V-330A70 76 0 0 1 -30 -390"
        stroke="#fff"
        stroke-width="6"
        fill="none"
        opacity="0.5"
        stroke-linecap="round"
      />
      <circle cy="-428" r="9" fill={paint('boss')} />
      {range(5).map((bell) => (
        <At key={bell} x={-96 + bell * 48} y={-160 + Math.abs(bell - 2) * -4} s={1.15 - bell * 0.13}>
          <path
            d="M-18 0Q-14 -8 -14 -20Q-12 -38 0 -38Q12 -38 14 -20Q14 -8 18 0Z"
            fill={paint(bell < right ? 'gold' : 'brass')}
          />
          <circle cy="2" r="4" fill="#50310f" />
          <circle cy="-40" r="4" fill="#50310f" />
        </At>
      ))}
    </g>
  );
}

/** The alcove with the sleeping keeper; about 330 × 360. */
export function Alcove() {
  return (
    <g>
      <path d="M-170 0V-230Q-170 -350 0 -350Q170 -350 170 -230V0Z" fill="#120c14" />
      <path d="M-152 0V-226Q-152 -330 0 -330Q152 -330 152 -226V0Z" fill="#2b2030" />
      <Glow x={80} y={-230} rx={150} of="lamp" />
      <path d="M60 -250h44l8 44h-60z" fill="#ffdf9e" class="dh-flicker" />
      <path d="M82 -250v-50" stroke="#50310f" stroke-width="4" />
      <path d="M-152 -96Q-120 -128 -60 -116V-60H-152Z" fill="#f1e7d2" />
      <At x={-56} y={-96}>
        <SleepingKeeper />
      </At>
      <At x={-92} y={-140}>
        <Snores />
      </At>
      <path d="M-60 -92Q0 -132 80 -116Q140 -112 152 -96V0H-60Z" fill={paint('quilt')} />
      <g opacity="0.9">
        <path d="M-58 -60H152V-30H-58Z" fill="#8c3440" opacity="0.55" />
        <path
          d="M-6 -106L-2 0M50 -120V0M104 -116V0"
          stroke="#e6cfa4"
          stroke-width="2.5"
          stroke-dasharray="8 7"
          opacity="0.7"
        />
        <path
          d="M-58 -60H152M-58 -30H152"
          stroke="#e6cfa4"
          stroke-width="2.5"
          stroke-dasharray="8 7"
          opacity="0.7"
        />
      </g>
      <path d="M-170 -24H170V0H-170Z" fill={paint('wood')} />
      <path
        d="M-170 0V-230Q-170 -350 -20 -350Q-110 -300 -112 -190Q-112 -90 -140 0Z"
        fill={paint('curtain')}
      />
      <path
        d="M-160 -20Q-150 -200 -96 -300M-146 -10Q-136 -180 -100 -260"
        stroke="#c65a62"
        stroke-width="4"
        fill="none"
        opacity="0.5"
      />
      <path d="M170 0V-230Q170 -350 40 -350Q140 -300 146 -190Q150 -90 152 0Z" fill={paint('curtain')} />
      <path
        d="M-176 0V-232Q-176 -358 0 -358Q176 -358 176 -232V0H160V-230Q160 -342 0 -342Q-160 -342 -160 -230V0Z"
        fill={paint('wood')}
      />
      <path
        d="M-176 -232Q-176 -358 0 -358Q176 -358 176 -232"
        stroke="#d4a273"
        stroke-width="4"
        fill="none"
        opacity="0.5"
      />
    </g>
  );
}

/** The windlass on the wall; the trapdoor above it, at y = -`up`; and, if open, the ladder. */
export function Windlass({ open, up }: { open: boolean; up: number }) {
  const rungs = Math.floor((up + 150) / 58);
  return (
    <g>
      <path d={`M-82 ${-up - 60}H82L64 ${-up}H-64Z`} fill={open ? '#0b0a12' : paint('woodDark')} />
      {open && <Glow x={0} y={-up - 20} rx={150} of="cool" />}
      <path d={`M-82 ${-up - 60}H82L64 ${-up}H-64Z`} fill="none" stroke="#6e4f3a" stroke-width="10" />
      <path d={`M86 ${-up - 10}V-30`} stroke="#c7a87a" stroke-width="7" />
      {open && (
        <g>
          <path d={`M-44 ${-up - 40}L-60 150M44 ${-up - 40}L60 150`} stroke="#3a261f" stroke-width="20" />
          <path d={`M-46 ${-up - 40}L-62 150M42 ${-up - 40}L58 150`} stroke="#a6764a" stroke-width="11" />
          {range(rungs).map((rung) => {
            const y = 130 - rung * 58;
            return (
              <path
                key={rung}
                d={`M${-58 + rung * 1.4} ${y}H${58 - rung * 1.4}`}
                stroke="#b98352"
                stroke-width="12"
              />
            );
          })}
        </g>
      )}
      <At x={86} y={0}>
        <rect x="-52" y="-62" width="104" height="124" rx="10" fill={paint('iron')} />
        <rect x="-52" y="-62" width="104" height="10" rx="5" fill="#727a97" opacity="0.6" />
        <circle r="38" fill={paint('woodDark')} />
        <circle r="30" fill={paint('rope')} />
        <path d="M-26 -12H26M-29 0H29M-26 12H26" stroke="#6e5230" stroke-width="3" />
        <rect x="-10" y="-10" width="20" height="20" fill="#0c0a10" />
        {open && (
          <At x={26} y={-22} s={0.9}>
            <Crank />
          </At>
        )}
        <path d="M-40 -48h8v8h-8zM32 -48h8v8h-8zM-40 40h8v8h-8zM32 40h8v8h-8z" fill="#8e96b0" />
      </At>
    </g>
  );
}

/** The hook on which the bird's key hangs. */
export function KeyHook({ there }: { there: boolean }) {
  return (
    <g>
      <path d="M-24 -14H24V12H-24Z" fill={paint('woodLit')} />
      <path d="M0 0V18Q0 28 10 26" stroke="#c3cbd8" stroke-width="5" fill="none" />
      {there && (
        <g class="dh-dangle">
          <At x={0} y={66} s={0.86}>
            <g transform="rotate(-45)">
              <Key />
            </g>
          </At>
        </g>
      )}
    </g>
  );
}
