/** @jsxImportSource preact */
/** Drawings of the two posts: marks, moons, knots, lanterns, weights, slate. */
import { GALLERY, type Post, type Posts } from '../../rules/state.ts';
import { At, Glow, range } from '../art/basics.tsx';
import { paint } from '../art/defs.tsx';

/** Leaf, star, wave: drawn around the origin, about 60 wide, in one colour. */
export function Mark({ mark, colour }: { mark: number; colour: string }) {
  if (mark === 0) {
    return (
      <g>
        <path d="M0 -30Q26 -8 0 30Q-26 -8 0 -30Z" fill={colour} />
        <path d="M0 -20V36M0 -2L9 -9M0 8L-9 1" stroke="#1a1420" stroke-width="3" fill="none" />
      </g>
    );
  }
  if (mark === 1) {
    return <path d="M0 -32L8 -10L31 -10L13 4L20 27L0 13L-20 27L-13 4L-31 -10L-8 -10Z" fill={colour} />;
  }
  return (
    <path
      d="M-32 -12q8 -16 16 0t16 0t16 0t16 0M-32 14q8 -16 16 0t16 0t16 0t16 0"
      stroke={colour}
      stroke-width="8"
      fill="none"
      stroke-linecap="round"
    />
  );
}

/** A moon of a phase (0 new, 1 crescent, 2 half, 3 full), radius `r`. */
export function Moon({ phase, r, light, dark }: { phase: number; r: number; light: string; dark: string }) {
  const lit = [
    '',
    `M0 ${-r}A${r} ${r} 0 0 1 0 ${r}A${r * 1.35} ${r * 1.35} 0 0 0 0 ${-r}Z`,
    `M0 ${-r}A${r} ${r} 0 0 1 0 ${r}Z`,
    `M0 ${-r}A${r} ${r} 0 0 1 0 ${r}A${r} ${r} 0 0 1 0 ${-r}Z`,
  ][phase];
  return (
    <g>
      <circle r={r} fill={dark} stroke={light} stroke-width="3" stroke-opacity="0.7" />
      {lit && <path d={lit} fill={light} />}
    </g>
  );
}

/** A post's wall, with what the other post needs: knotted ropes in the gallery, chalked moons in the pit. */
export function Wall({ posts, post }: { posts: Posts; post: Post }) {
  const gallery = post === GALLERY;
  const order = gallery ? posts.knotOrder : posts.chalkOrder;
  return (
    <g>
      {order.map((mark, index) => (
        <g key={mark} transform={`translate(${(index - 1) * 250} 0)`}>
          {gallery ? (
            <Knots mark={mark} count={posts.weightGoal[mark] ?? 0} />
          ) : (
            <Chalk mark={mark} phase={posts.moonGoal[mark] ?? 0} />
          )}
        </g>
      ))}
    </g>
  );
}

function Knots({ mark, count }: { mark: number; count: number }) {
  return (
    <g>
      <path d="M0 0V210" stroke="#c9a870" stroke-width="13" />
      <path
        d="M0 210q-8 16 -10 28M0 210q2 16 0 30M0 210q8 16 10 28"
        stroke="#b9935a"
        stroke-width="5"
        fill="none"
      />
      {range(count).map((knot) => (
        <g key={knot} transform={`translate(0 ${92 + knot * 46})`}>
          <ellipse rx="24" ry="18" fill="#d9b880" />
          <path d="M-20 -7Q0 8 20 -7M-20 8Q0 20 20 6" stroke="#7d5d33" stroke-width="4" fill="none" />
        </g>
      ))}
      <path d="M-44 -40H44V40L0 62L-44 40Z" fill={paint('paper')} stroke="#7d5d33" stroke-width="2" />
      <Mark mark={mark} colour="#3d4a63" />
    </g>
  );
}

function Chalk({ mark, phase }: { mark: number; phase: number }) {
  return (
    <g>
      <At x={-52} y={0}>
        <Mark mark={mark} colour="#e9edf2" />
      </At>
      <At x={48} y={0}>
        <Moon phase={phase} r={42} light="#f4f6fa" dark="#232a44" />
      </At>
    </g>
  );
}

/** The slate on which a player who is alone sees the other post's wall. */
export function Slate({ posts, post, label }: { posts: Posts; post: Post; label: string }) {
  const height = post === GALLERY ? 350 : 150;
  return (
    <svg class="dh-slate" viewBox={`-420 -30 840 ${height + 60}`} role="img" aria-label={label}>
      <rect x="-410" y="-20" width="820" height={height + 40} rx="30" fill={paint('wood')} />
      <rect x="-384" y="6" width="768" height={height - 12} rx="12" fill="#20262e" />
      <g transform={`translate(0 ${post === GALLERY ? 66 : 75})`}>
        <Wall posts={posts} post={post} />
      </g>
    </svg>
  );
}

export function Lantern({ phase, mark }: { phase: number; mark: number }) {
  return (
    <g>
      <path d="M0 -190V-130" stroke="#454d63" stroke-width="9" />
      <path d="M-62 -96Q0 -170 62 -96Z" fill={paint('iron')} />
      <rect x="-82" y="-96" width="164" height="186" rx="16" fill={paint('iron')} />
      <rect x="-66" y="-82" width="132" height="158" rx="10" fill="#141932" />
      <Glow x={0} y={-4} rx={40 + phase * 42} of="lamp" />
      <At x={0} y={-4}>
        <Moon phase={phase} r={54} light="#ffe9ae" dark="#1c2342" />
      </At>
      <path d="M-92 90H92L74 112H-74Z" fill={paint('brassDark')} />
      <path d="M-46 112H46V190L0 206L-46 190Z" fill={paint('brass')} stroke="#50310f" stroke-width="2" />
      <At x={0} y={152}>
        <Mark mark={mark} colour="#43260d" />
      </At>
    </g>
  );
}

/** A weight on its chain, at a notch from 0 (lowest) to 3. */
export function Weight({ value, mark, chain = 420 }: { value: number; mark: number; chain?: number }) {
  const y = -value * 92;
  return (
    <g>
      <path d="M-78 -300H-62V90H-78ZM62 -300H78V90H62Z" fill={paint('iron')} />
      {range(4).map((notch) => (
        <path
          key={notch}
          d={`M-78 ${40 - notch * 92}h-22M78 ${40 - notch * 92}h22`}
          stroke={notch === value ? '#ffe9ae' : '#7d879c'}
          stroke-width={notch === value ? 9 : 5}
        />
      ))}
      <g class="dh-lifted" style={{ transform: `translateY(${y}px)` }}>
        <path d={`M0 ${-chain}V-40`} stroke="#8b95b5" stroke-width="12" stroke-dasharray="16 7" />
        <path d="M-14 -44a14 14 0 1 1 28 0" stroke="#c3cbd8" stroke-width="8" fill="none" />
        <path d="M-48 -40H48L56 84Q0 100 -56 84Z" fill={paint('brassDark')} />
        <path d="M-48 -40H48L56 84Q0 100 -56 84Z" fill={paint('round')} />
        <At x={0} y={24}>
          <Mark mark={mark} colour="#ffe9ae" />
        </At>
      </g>
    </g>
  );
}

/** Two lamps, for gallery and pit: lit and ticked if all parts of the post are right. */
export function DoneLamps({ done }: { done: readonly [boolean, boolean] }) {
  return (
    <g>
      {done.map((isDone, post) => (
        <g key={post} transform={`translate(${post * 96} 0)`}>
          {isDone && <Glow x={0} y={0} rx={80} of="lamp" />}
          <circle r="34" fill={isDone ? '#ffd98a' : '#1b2036'} stroke="#d5a650" stroke-width="5" />
          {isDone ? (
            <path d="M-16 0L-4 13L17 -13" stroke="#4a2d0d" stroke-width="8" fill="none" />
          ) : post === GALLERY ? (
            <path d="M8 -15a15 15 0 1 0 8 24a18 18 0 0 1 -8 -24" fill="#7d879c" />
          ) : (
            <path d="M-16 15L-9 -7H9L16 15ZM-6 -9a6 6 0 1 1 12 0" fill="#7d879c" />
          )}
        </g>
      ))}
    </g>
  );
}
