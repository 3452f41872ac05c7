/** @jsxImportSource preact */
/** Drawings of the things in the clock chamber. The origin of each is where it stands, hangs or lies. */
import type { State } from '../../rules/state.ts';
import { DormouseAwake } from '../art/animals.tsx';
import { At, Glow, Grain, range, Shadow } from '../art/basics.tsx';
import { paint } from '../art/defs.tsx';
import { RunBoard } from '../closeups/run-board.tsx';
import { TrainWheels } from '../closeups/train-wheels.tsx';

/** The iron frame with the wheels; 620 × 470. */
export function Movement({ state }: { state: State }) {
  return (
    <g>
      <Shadow rx={330} ry={30} />
      <path d="M-300 0L-270 -60H-216L-236 0ZM300 0L270 -60H216L236 0Z" fill={paint('iron')} />
      <path d="M-290 -60H290V-92H-290Z" fill={paint('iron')} />
      <path d="M-290 -60H290V-66H-290Z" fill="#8b95b5" opacity="0.3" />
      <path d="M-280 -92V-450H-250V-92ZM250 -92V-450H280V-92Z" fill={paint('iron')} />
      <path d="M-300 -462H300V-428H-300Z" fill={paint('iron')} />
      <path d="M-300 -462H300V-456H-300Z" fill="#a9b8e4" opacity="0.5" />
      <circle cx="-265" cy="-470" r="16" fill={paint('boss')} />
      <circle cx="265" cy="-470" r="16" fill={paint('boss')} />
      <rect x="-246" y="-424" width="492" height="328" rx="18" fill="#0b0e1c" opacity="0.86" />
      <At x={-280} y={-476} s={0.56}>
        <TrainWheels state={state} engraved={false} />
      </At>
      <EscapeWheel state={state} />
    </g>
  );
}

/** At the top of the frame. The dormouse in it is visible while the wheels are solved and the run is not. */
function EscapeWheel({ state }: { state: State }) {
  const isDormouseVisible = state.train.solved && !state.run.solved;
  return (
    <At x={0} y={-520}>
      <path d="M-8 60V40H8V60Z" fill="#454d63" />
      <g class={state.run.solved && state.posts.solved ? 'dh-ready' : undefined}>
        <path
          d={range(15)
            .map((tooth) => {
              const at = (angle: number, r: number): string =>
                `${(r * Math.cos(angle)).toFixed(1)} ${(r * Math.sin(angle)).toFixed(1)}`;
              const a = (tooth / 15) * 2 * Math.PI;
              return `${tooth === 0 ? 'M' : 'L'}${at(a, 58)}L${at(a + 0.1, 80)}L${at(a + 0.16, 58)}`;
            })
            .join('')}
          fill={paint('brass')}
        />
        <circle r="44" fill="#161b30" />
        <path d="M-44 0H44M0 -44V44" stroke="#d3a24c" stroke-width="9" />
        <circle r="14" fill={paint('boss')} />
      </g>
      <path d="M-66 -72Q0 -112 66 -72L56 -40L46 -62Q0 -84 -46 -62L-56 -40Z" fill={paint('steel')} />
      {isDormouseVisible && (
        <g>
          <path
            class="dh-breath"
            d="M-50 22Q-56 -22 -6 -26Q46 -24 46 16Q20 44 -16 42Q-44 42 -50 22Z"
            fill={paint('furWarm')}
          />
          <path d="M-40 24Q-10 48 36 20Q52 60 22 96Q14 104 10 94Q24 66 14 48Q-20 56 -40 24Z" fill="#c98a4e" />
          <circle cx="-34" cy="-14" r="11" fill="#b0763f" />
          <path d="M-46 4q7 6 14 0" stroke="#432718" stroke-width="3" fill="none" />
        </g>
      )}
    </At>
  );
}

/** The pendulum. It ends just above the origin, on the floor, and hangs from above the picture (y = -1100). */
export function Pendulum({ swinging }: { swinging: boolean }) {
  return (
    <g>
      <Shadow rx={90} ry={12} />
      <g class={swinging ? 'dh-swing' : undefined}>
        <path d="M-7 -1100V-100H7V-1100Z" fill={paint('woodLit')} />
        <path d="M-7 -1100V-100H-2V-1100Z" fill="#f0cf9e" opacity="0.5" />
        <circle cy="-92" r="66" fill="#07060d" opacity="0.4" transform="translate(6 8)" />
        <circle cy="-92" r="66" fill={paint('brass')} />
        <circle cy="-92" r="52" fill="none" stroke="#6d461d" stroke-width="3" />
        <path d="M0 -136L11 -104L44 -92L11 -80L0 -48L-11 -80L-44 -92L-11 -104Z" fill="#8a5f28" />
        <path
          d="M0 -136L11 -104L0 -92ZM44 -92L11 -80L0 -92ZM0 -48L-11 -80L0 -92ZM-44 -92L-11 -104L0 -92Z"
          fill="#fff0bd"
          opacity="0.6"
        />
        <path
          d="M-52 -130A66 66 0 0 1 10 -157"
          stroke="#fff6da"
          stroke-width="6"
          fill="none"
          opacity="0.7"
          stroke-linecap="round"
        />
        <path d="M-5 -26L0 -6L5 -26Z" fill="#6d461d" />
      </g>
    </g>
  );
}

/** The lift between gallery and pit: two cages on one rope; 300 × 670. */
export function Lift({ state }: { state: State }) {
  const done = state.posts.solved;
  return (
    <g>
      <rect x="-150" y="-640" width="300" height="660" rx="10" fill="#0a0d1a" opacity="0.75" />
      <path d="M-150 -640H-128V20H-150ZM128 -640H150V20H128ZM-10 -640H10V20H-10Z" fill={paint('beam')} />
      <path d="M-150 -650H150V-618H-150Z" fill={paint('wood')} />
      <circle cx="-68" cy="-590" r="40" fill={paint('iron')} />
      <circle cx="68" cy="-590" r="40" fill={paint('iron')} />
      <circle cx="-68" cy="-590" r="12" fill={paint('boss')} />
      <circle cx="68" cy="-590" r="12" fill={paint('boss')} />
      <path d="M-68 -632H68" stroke="#c7a87a" stroke-width="8" />
      <g class={done ? 'dh-cage' : undefined}>
        <path d="M-68 -552V-420" stroke="#c7a87a" stroke-width="8" />
        <Cage x={-68} y={-260} up />
      </g>
      <path d="M68 -552V-150" stroke="#c7a87a" stroke-width="8" />
      <Cage x={68} y={10} />
    </g>
  );
}

function Cage({ x, y, up = false }: { x: number; y: number; up?: boolean }) {
  return (
    <At x={x} y={y}>
      <path d="M-50 0H50V-12H-50ZM-46 -12V-140H-38V-12ZM38 -12V-140H46V-12Z" fill={paint('wood')} />
      <path d="M-54 -136Q0 -190 54 -136Z" fill={paint('woodLit')} />
      <path d="M-38 -40H38V-34H-38ZM-38 -70H38V-64H-38Z" fill="#b98352" />
      <rect x="-26" y="-118" width="52" height="40" rx="6" fill="#efe2c0" />
      {up ? (
        <path d="M6 -112a15 15 0 1 0 8 26a18 18 0 0 1 -8 -26" fill="#3b5288" />
      ) : (
        <path d="M-14 -84L-8 -102H8L14 -84ZM-5 -104a5 5 0 1 1 10 0" fill="#5b4630" />
      )}
    </At>
  );
}

/** The nut run on the wall, with the nest box; about 420 × 380, from (-212, -222). */
export function RunOnWall({ state }: { state: State }) {
  return (
    <g>
      <rect x="-206" y="-216" width="424" height="380" rx="16" fill="#07060d" opacity="0.5" />
      <rect x="-212" y="-222" width="424" height="380" rx="16" fill={paint('wood')} />
      <Grain x={-206} y={-216} w={412} h={368} lines={6} />
      <At x={-212} y={-222} s={0.424}>
        <RunBoard state={state} small />
      </At>
      {!state.train.solved && (
        <g>
          <rect x="-196" y="-206" width="392" height="348" rx="8" fill={paint('woodDark')} />
          <Grain x={-190} y={-200} w={380} h={336} lines={5} />
          <path d="M-196 -120H196M-196 60H196" stroke="#2e3348" stroke-width="18" />
          <g fill="#8b95b5">
            {[-176, 176].map((x) => [-120, 60].map((y) => <circle key={`${x}${y}`} cx={x} cy={y} r="6" />))}
          </g>
          <circle cx="0" cy="-30" r="34" fill={paint('brass')} />
          <circle cx="0" cy="-30" r="22" fill={paint('brassDark')} />
        </g>
      )}
      <Glow x={0} y={-250} rx={110} of="lamp" />
      <path d="M-22 -252H22L16 -222H-16Z" fill={paint('iron')} />
      <path d="M0 -262Q-12 -276 0 -298Q12 -276 0 -262Z" fill="#ffd36b" class="dh-flicker" />
      {state.run.solved && (
        <At x={170} y={168} s={0.95}>
          <DormouseAwake />
        </At>
      )}
    </g>
  );
}

/** The hatch in the floor with the ladder down to the loft. */
export function FloorHatch() {
  return (
    <g>
      <path d="M-110 -30H110L150 40H-150Z" fill="#08070f" />
      <path d="M-110 -30H110L150 40H-150Z" fill="none" stroke="#6b452e" stroke-width="12" />
      <Glow x={0} y={4} rx={140} ry={44} of="lamp" />
      <path d="M-34 -110L-44 24M34 -110L44 24" stroke="#a6764a" stroke-width="11" />
      <path d="M-36 -84H36M-39 -44H39M-42 -6H42" stroke="#b98352" stroke-width="10" />
    </g>
  );
}
