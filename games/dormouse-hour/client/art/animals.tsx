/** @jsxImportSource preact */
/** Drawings of the characters: the sleeping keeper, the dormouse, the mechanical nightingale. */
import { range } from './basics.tsx';
import { paint } from './defs.tsx';

/** Ottilie Thorn asleep on her side; lies on y = 0, about 200 wide. */
export function SleepingKeeper() {
  const spines = range(11).map((index) => {
    const angle = Math.PI * (1.02 + index * 0.082);
    const [x, y] = [62 + 74 * Math.cos(angle), -6 + 70 * Math.sin(angle)];
    return `M${62 + 52 * Math.cos(angle - 0.12)} ${-6 + 52 * Math.sin(angle - 0.12)}L${x} ${y}L${62 + 52 * Math.cos(angle + 0.12)} ${-6 + 52 * Math.sin(angle + 0.12)}`;
  });
  return (
    <g>
      <g class="dh-breath">
        <path d={`${spines.join('')}Z`} fill="#4a352b" />
        <path d="M2 0Q2 -62 62 -62Q124 -62 124 0Z" fill="#6a4c3a" />
        <path
          d="M14 -30q8 -16 22 -22M34 -34q6 -12 18 -16M58 -36q4 -10 14 -13M80 -34q6 -8 14 -8"
          stroke="#3d2a22"
          stroke-width="3.5"
          fill="none"
        />
      </g>
      <path d="M28 0Q-6 4 -24 -10Q-34 -18 -26 -24Q2 -46 34 -30Q46 -14 28 0Z" fill="#dcb48a" />
      <path d="M-30 -22q-8 2 -7 8q5 5 11 1z" fill="#2b1b18" />
      <path d="M-4 -22q7 6 13 0" stroke="#3a241c" stroke-width="2.6" fill="none" />
      <path d="M-14 -8q6 4 12 1" stroke="#8a5a40" stroke-width="2.2" fill="none" />
      <path
        d="M4 -34Q26 -78 78 -62Q96 -58 104 -40Q84 -50 66 -46Q40 -40 34 -26Q18 -36 4 -34Z"
        fill="#7d3340"
      />
      <path d="M2 -36q18 -4 34 10l-4 8q-16 -12 -34 -10z" fill="#efe2c8" />
      <circle cx="105" cy="-38" r="9" fill="#efe2c8" />
    </g>
  );
}

/** A few letters Z that rise and fade. */
export function Snores() {
  return (
    <g fill="none" stroke="#e7d9ff" stroke-width="4">
      {range(3).map((index) => (
        <path
          key={index}
          class="dh-snore"
          style={{ animationDelay: `${index * 1.3}s` }}
          d="M0 0h12l-12 14h12"
        />
      ))}
    </g>
  );
}

/** Pip the dormouse curled up, its tail round its nose; about 110 × 70 around the origin. */
export function DormouseAsleep() {
  return (
    <g class="dh-breath">
      <ellipse cx="0" cy="4" rx="50" ry="34" fill={paint('furWarm')} />
      <path d="M-46 0Q-48 -30 -20 -34Q-2 -34 4 -16Q8 4 -14 14Q-40 16 -46 0Z" fill="#d9a468" />
      <circle cx="-14" cy="-32" r="11" fill="#b0763f" />
      <circle cx="-14" cy="-31" r="6.5" fill="#e8b495" />
      <path d="M-34 -8q6 5 12 0" stroke="#432718" stroke-width="2.6" fill="none" />
      <path d="M-47 0q-4 2 -2 6q4 3 7 0z" fill="#7a3c34" />
      <path d="M46 12Q56 40 10 40Q-36 42 -44 20Q-40 8 -30 16Q-10 30 20 24Q38 20 46 12Z" fill="#c98a4e" />
      <path d="M-40 18Q-24 34 8 33Q36 31 47 18" stroke="#f0cd9a" stroke-width="4" fill="none" opacity="0.6" />
    </g>
  );
}

/** Pip awake, sitting up with a nut; stands on y = 0, about 90 high. */
export function DormouseAwake() {
  return (
    <g>
      <path
        class="dh-tail"
        d="M24 -8Q66 -6 66 -46Q66 -66 52 -64Q42 -58 50 -46Q52 -24 20 -22Z"
        fill="#c98a4e"
      />
      <path d="M-26 0Q-34 -46 0 -50Q32 -46 28 0Z" fill={paint('furWarm')} />
      <path d="M-14 0Q-16 -32 0 -34Q16 -32 14 0Z" fill="#f2dcb8" />
      <circle cx="-20" cy="-84" r="13" fill="#b0763f" />
      <circle cx="20" cy="-84" r="13" fill="#b0763f" />
      <circle cx="-20" cy="-83" r="8" fill="#e8b495" />
      <circle cx="20" cy="-83" r="8" fill="#e8b495" />
      <path d="M-30 -62Q-28 -88 0 -88Q28 -88 30 -62Q24 -42 0 -40Q-24 -42 -30 -62Z" fill="#d9a468" />
      <path d="M-13 -54Q-10 -66 0 -66Q10 -66 13 -54Q8 -43 0 -42Q-8 -43 -13 -54Z" fill="#f7e6c8" />
      {[-14, 14].map((x) => (
        <g key={x}>
          <circle cx={x} cy="-67" r="7" fill="#1c1210" />
          <circle cx={x + 2.4} cy="-69.6" r="2.3" fill="#fffbe8" />
        </g>
      ))}
      <path d="M-4 -58H4L0 -53Z" fill="#8c3f42" />
      <g transform="translate(0 -26)">
        <Nut />
      </g>
      <path
        d="M-20 -34q8 12 14 10M20 -34q-8 12 -14 10"
        stroke="#a76f3d"
        stroke-width="8"
        stroke-linecap="round"
        fill="none"
      />
    </g>
  );
}

export function Nut() {
  return (
    <g>
      <circle r="14" fill={paint('nut')} />
      <path d="M-13 -4Q0 -16 13 -4Q0 2 -13 -4Z" fill="#f0d3a0" opacity="0.85" />
      <path d="M-4 2v9M3 3v8" stroke="#6d3d1b" stroke-width="1.6" />
    </g>
  );
}

/** The nightingale on its perch: brass and enamel; feet at the origin, about 120 wide. */
export function Nightingale({ open = false }: { open?: boolean }) {
  return (
    <g>
      <path d="M-40 -34Q-84 -22 -104 4Q-70 0 -46 -8Z" fill={paint('brassDark')} />
      <path d="M-100 2L-52 -20M-92 4L-50 -14" stroke="#f0cf86" stroke-width="2" opacity="0.6" />
      <path
        d="M-50 -24Q-44 -62 0 -72Q16 -98 42 -90Q62 -84 60 -62Q58 -20 14 -4Q-28 6 -50 -24Z"
        fill="#3f7f86"
      />
      <path d="M20 -4Q56 -22 58 -58Q48 -30 20 -24Q0 -20 -14 -8Q4 0 20 -4Z" fill="#e6b25a" />
      <path d="M-44 -26Q-18 -62 26 -46Q14 -12 -44 -26Z" fill={paint('brass')} />
      <path
        d="M-34 -28Q-8 -34 18 -42M-28 -34Q-6 -42 16 -47M-26 -23Q-4 -26 14 -34"
        stroke="#6d461d"
        stroke-width="2.4"
        fill="none"
      />
      <circle cx="42" cy="-70" r="6.5" fill="#14110f" stroke="#f0cf86" stroke-width="2.5" />
      <circle cx="44" cy="-72" r="2" fill="#fff" />
      <path class={open ? 'dh-beak' : undefined} d="M57 -74L84 -70L58 -64Z" fill={paint('gold')} />
      <path
        d="M2 -4V10M16 -6V10M-6 10H10M10 10H24"
        stroke="#d5a650"
        stroke-width="4"
        stroke-linecap="round"
      />
    </g>
  );
}
