/** @jsxImportSource preact */
/**
 * The six faces of the keepers: owl, hare, fox, badger, heron, mole. Each is drawn in a box from
 * (-50, -58) to (50, 50), shoulders at the bottom.
 */
import type { VNode } from 'preact';

/** Two eyes with a highlight, at the same distance from the centre. */
function Eyes({ x, y, r = 5, colour = '#17120f' }: { x: number; y: number; r?: number; colour?: string }) {
  return (
    <g>
      {[-x, x].map((at) => (
        <g key={at}>
          <circle cx={at} cy={y} r={r} fill={colour} />
          <circle cx={at + r * 0.35} cy={y - r * 0.4} r={r * 0.32} fill="#fffbe8" />
        </g>
      ))}
    </g>
  );
}

/** A coat with lapels and a tie. */
function Coat({ colour, collar, tie }: { colour: string; collar: string; tie: string }) {
  return (
    <g>
      <path d="M-48 50Q-46 24 -20 16L0 26L20 16Q46 24 48 50Z" fill={colour} />
      <path d="M-20 16L-30 34L-8 50H8L30 34L20 16L0 30Z" fill={collar} />
      <path d="M-11 25L0 31L11 25L11 38L0 33L-11 38Z" fill={tie} />
    </g>
  );
}

function Owl() {
  return (
    <g>
      <Coat colour="#33415f" collar="#e9dcc0" tie="#b6483e" />
      <path
        d="M-36 -8Q-44 -40 -34 -56Q-20 -44 0 -46Q20 -44 34 -56Q44 -40 36 -8Q30 24 0 26Q-30 24 -36 -8Z"
        fill="#8f6a47"
      />
      <path
        d="M-34 -56Q-24 -44 -22 -34Q-34 -36 -38 -24Q-40 -44 -34 -56ZM34 -56Q24 -44 22 -34Q34 -36 38 -24Q40 -44 34 -56Z"
        fill="#6a4a31"
      />
      <circle cx="-16" cy="-14" r="19" fill="#e6cfa4" />
      <circle cx="16" cy="-14" r="19" fill="#e6cfa4" />
      <circle cx="-16" cy="-14" r="12" fill="#f5a93d" />
      <circle cx="16" cy="-14" r="12" fill="#f5a93d" />
      <Eyes x={16} y={-14} r={7} />
      <path d="M-6 -6L0 12L6 -6Q0 -12 -6 -6Z" fill="#5a4632" />
      <path d="M-14 16q5 6 9 0M5 16q5 6 9 0M-5 21q5 5 10 0" stroke="#6a4a31" stroke-width="2.5" fill="none" />
    </g>
  );
}

function Hare() {
  return (
    <g>
      <path d="M-22 -22Q-34 -56 -24 -58Q-10 -58 -7 -24ZM22 -22Q34 -56 24 -58Q10 -58 7 -24Z" fill="#b58c68" />
      <path
        d="M-20 -26Q-27 -50 -22 -52Q-14 -52 -12 -26ZM20 -26Q27 -50 22 -52Q14 -52 12 -26Z"
        fill="#e3b6a0"
      />
      <Coat colour="#5f3b54" collar="#d8c08e" tie="#3e6f6a" />
      <path d="M-28 -4Q-28 -32 0 -32Q28 -32 28 -4Q28 22 0 26Q-28 22 -28 -4Z" fill="#c39b76" />
      <path d="M-16 8Q-14 -6 0 -6Q14 -6 16 8Q14 25 0 26Q-14 25 -16 8Z" fill="#f0e0c6" />
      <Eyes x={15} y={-11} r={5.5} />
      <path d="M-5 2H5L0 8Z" fill="#8c4a4a" />
      <path d="M0 8V14M0 14q-5 5 -9 2M0 14q5 5 9 2" stroke="#7d5a45" stroke-width="2" fill="none" />
      <path
        d="M-10 9L-34 5M-10 12L-33 16M10 9L34 5M10 12L33 16"
        stroke="#fff4dc"
        stroke-width="1.4"
        opacity="0.8"
      />
    </g>
  );
}

function Fox() {
  return (
    <g>
      <Coat colour="#2f5148" collar="#efe2c4" tie="#c98f35" />
      <path d="M-34 -12L-38 -54L-12 -34Q0 -38 12 -34L38 -54L34 -12Q36 0 0 28Q-36 0 -34 -12Z" fill="#cc6a33" />
      <path d="M-32 -22L-33 -43L-20 -33ZM32 -22L33 -43L20 -33Z" fill="#4a2620" />
      <path d="M-34 -8Q-20 -4 -8 10L0 26Q-30 4 -34 -8ZM34 -8Q20 -4 8 10L0 26Q30 4 34 -8Z" fill="#f6e9d2" />
      <path d="M-9 10Q0 -4 9 10L0 27Z" fill="#e08a4d" />
      <Eyes x={15} y={-9} r={5} />
      <ellipse cx="0" cy="22" rx="6" ry="4.5" fill="#20130f" />
      <path d="M-22 -17q7 -5 12 0M22 -17q-7 -5 -12 0" stroke="#7d361a" stroke-width="2.5" fill="none" />
    </g>
  );
}

function Badger() {
  return (
    <g>
      <Coat colour="#6b3030" collar="#d9d2c4" tie="#2a2a3a" />
      <circle cx="-29" cy="-30" r="9" fill="#3b3a40" />
      <circle cx="29" cy="-30" r="9" fill="#3b3a40" />
      <circle cx="-29" cy="-30" r="5" fill="#d8d4cc" />
      <circle cx="29" cy="-30" r="5" fill="#d8d4cc" />
      <path d="M-33 -10Q-32 -40 0 -42Q32 -40 33 -10Q28 14 10 25Q0 29 -10 25Q-28 14 -33 -10Z" fill="#efece2" />
      <path
        d="M-26 -34Q-15 -40 -9 -40Q-6 -8 -9 18Q-24 8 -31 -8Q-31 -24 -26 -34ZM26 -34Q15 -40 9 -40Q6 -8 9 18Q24 8 31 -8Q31 -24 26 -34Z"
        fill="#2c2b33"
      />
      <Eyes x={17} y={-12} r={4.5} colour="#0c0b0e" />
      <ellipse cx="0" cy="19" rx="8" ry="6" fill="#1c1a1f" />
      <ellipse cx="-2" cy="17" rx="3" ry="1.6" fill="#8b8890" />
    </g>
  );
}

function Heron() {
  return (
    <g>
      <Coat colour="#3f4d68" collar="#c9d2dc" tie="#8c6a2e" />
      <path d="M-13 30Q-16 0 -14 -20L12 -20Q10 4 15 30Z" fill="#cfd7df" />
      <path d="M-3 30Q-5 8 -1 -8Q2 10 4 30Z" fill="#6b7688" />
      <path d="M-24 -30Q-20 -50 2 -50Q20 -50 20 -34Q20 -16 0 -14Q-20 -14 -24 -30Z" fill="#e8edf1" />
      <path d="M-8 -46Q10 -54 20 -40Q34 -40 48 -26Q30 -34 16 -32Q2 -40 -8 -46Z" fill="#2b3145" />
      <path d="M-18 -34Q-34 -30 -50 -14Q-32 -20 -14 -22Z" fill="#e3a53c" />
      <path d="M-48 -15Q-32 -22 -14 -25" stroke="#9a6a1e" stroke-width="1.8" fill="none" />
      <circle cx="-6" cy="-33" r="6" fill="#f3d25a" />
      <circle cx="-7" cy="-33" r="3.4" fill="#15110d" />
    </g>
  );
}

function Mole() {
  return (
    <g>
      <Coat colour="#4b5a3a" collar="#e6d6ae" tie="#7b3348" />
      <path d="M-34 -4Q-36 -44 0 -46Q36 -44 34 -4Q30 26 0 27Q-30 26 -34 -4Z" fill="#4d4650" />
      <path d="M-30 -16Q-24 -40 0 -41Q-18 -34 -22 -12Z" fill="#6a6270" />
      <path d="M-15 8Q-12 -10 0 -10Q12 -10 15 8Q13 22 0 23Q-13 22 -15 8Z" fill="#e9b4a4" />
      <ellipse cx="0" cy="-5" rx="9" ry="6.5" fill="#d77f7d" />
      <circle cx="-17" cy="-17" r="12" fill="#dfe9ee" opacity="0.35" />
      <circle cx="17" cy="-17" r="12" fill="#dfe9ee" opacity="0.35" />
      <g fill="none" stroke="#d5a650" stroke-width="3">
        <circle cx="-17" cy="-17" r="12" />
        <circle cx="17" cy="-17" r="12" />
        <path d="M-5 -19Q0 -23 5 -19" />
      </g>
      <Eyes x={17} y={-17} r={3} />
      <path d="M-8 13q8 6 16 0" stroke="#9c5c58" stroke-width="2.2" fill="none" />
    </g>
  );
}

const HEADS: readonly (() => VNode)[] = [Owl, Hare, Fox, Badger, Heron, Mole];

export function Head({ face }: { face: number }) {
  const Drawing = HEADS[face] ?? Owl;
  return <Drawing />;
}
