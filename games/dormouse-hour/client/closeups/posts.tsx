/** @jsxImportSource preact */
/** The close-up of the two posts: choose one, then set its three parts to what the other post's wall shows. */
import { useEffect } from 'preact/hooks';
import { firstWrong, isAlone, seatsAt } from '../../rules/posts.ts';
import { GALLERY, PIT, type Post, POST_PARTS, POST_VALUES } from '../../rules/state.ts';
import { At, Glow, range, scatter } from '../art/basics.tsx';
import { paint } from '../art/defs.tsx';
import { type Game, mateName, useGame } from '../game.ts';
import type { Host } from '../view-model.ts';
import { Closeup } from '../ui/closeup.tsx';
import { arrowStep, Hotspot } from '../ui/hotspot.tsx';
import { DoneLamps, Lantern, Slate, Wall, Weight } from './posts-art.tsx';

/** The posts that this page's player has visited: the slate shows only those. */
const visited = new WeakMap<Host, Set<Post>>();

export function Posts() {
  const game = useGame();
  const { state, host, t } = game;
  const here = state.posts.at[String(host.seat)];
  useEffect(() => {
    if (here !== undefined) visited.set(host, (visited.get(host) ?? new Set()).add(here));
  }, [here]);
  return (
    <Closeup
      name="posts"
      title={t(here === undefined ? 'puzzle.posts' : `post.${here}`)}
      words={<Words here={here} />}
    >
      {here === undefined ? <Shaft /> : here === GALLERY ? <Gallery /> : <Pit />}
    </Closeup>
  );
}

/** A sentence that names the other players at a post. */
function describeOthers(game: Game, post: Post): string {
  const names = seatsAt(game.state.posts, post)
    .filter((seat) => seat !== game.host.seat)
    .map((seat) => mateName(game.host, seat));
  return names.length > 0
    ? game.t(`post.${post}.with`, { names: names.join(', ') })
    : game.t(`post.${post}.empty`);
}

function Words({ here }: { here: Post | undefined }) {
  const game = useGame();
  const { state, host, t } = game;
  const { posts } = state;
  if (posts.solved) return <p>{t('posts.done')}</p>;
  if (here === undefined) {
    return (
      <>
        <p>{t('posts.words')}</p>
        <RideButton post={GALLERY} />
        <RideButton post={PIT} />
      </>
    );
  }
  const other = here === GALLERY ? PIT : GALLERY;
  const alone = isAlone(posts, host.seat);
  const hasSlate = alone && (visited.get(host)?.has(other) ?? false);
  return (
    <>
      <p>{t(alone ? `post.${here}.alone` : `post.${here}.words`)}</p>
      {!alone && <p>{describeOthers(game, other)}</p>}
      <RideButton post={other} />
      {hasSlate && <Slate posts={posts} post={other} label={t('slate')} />}
    </>
  );
}

function RideButton({ post }: { post: Post }) {
  const game = useGame();
  return (
    <button type="button" class="dh-button" onClick={() => game.send({ type: 'post', post })}>
      {game.t(`post.${post}.go`)}
    </button>
  );
}

function donePosts(game: Game): readonly [boolean, boolean] {
  const { posts } = game.state;
  return [firstWrong(posts, GALLERY) < 0, firstWrong(posts, PIT) < 0];
}

/** A section through the tower: the gallery above, the pit below, the lift between them. */
function Shaft() {
  const game = useGame();
  return (
    <g>
      <rect width="1000" height="760" rx="24" fill={paint('stone')} />
      <Sky h={360} />
      <path d="M0 360H1000V400H0Z" fill={paint('wood')} />
      <rect y="400" width="1000" height="360" fill="#0c0f1e" />
      <Glow x={500} y={700} rx={480} ry={240} of="lamp" />
      <rect x="420" y="30" width="160" height="720" fill="#07090f" opacity="0.7" />
      <path d="M460 30V330M540 30V640" stroke="#c7a87a" stroke-width="9" />
      {range(2).map((post) => (
        <Hotspot
          key={post}
          x={60}
          y={post === GALLERY ? 40 : 420}
          w={880}
          h={300}
          label={game.t(`post.${post}.go`)}
          onPress={() => game.send({ type: 'post', post: post === GALLERY ? GALLERY : PIT })}
        >
          <At x={220} y={post === GALLERY ? 200 : 590} s={0.72}>
            {post === GALLERY ? <Lantern phase={1} mark={1} /> : <Weight value={1} mark={0} chain={130} />}
          </At>
          <At x={780} y={post === GALLERY ? 200 : 590} s={0.72}>
            {post === GALLERY ? <Lantern phase={3} mark={2} /> : <Weight value={2} mark={2} chain={50} />}
          </At>
          <rect
            x={post === GALLERY ? 425 : 505}
            y={post === GALLERY ? 210 : 600}
            width="70"
            height="120"
            rx="10"
            fill={paint('woodLit')}
          />
          <rect
            x="340"
            y={post === GALLERY ? 80 : 450}
            width="320"
            height="76"
            rx="38"
            fill="#120d18"
            opacity="0.85"
          />
          <text class="dh-lit" x="500" y={post === GALLERY ? 132 : 502} text-anchor="middle" font-size="42">
            {game.t(`post.${post}`)}
          </text>
        </Hotspot>
      ))}
    </g>
  );
}

function Sky({ h }: { h: number }) {
  return (
    <g>
      <rect width="1000" height={h} rx="24" fill={paint('sky')} />
      {range(40).map((index) => (
        <circle
          key={index}
          cx={1000 * scatter(index, 81)}
          cy={h * 0.8 * scatter(index, 82)}
          r={1 + 2 * scatter(index, 83)}
          fill="#fff8e0"
          opacity="0.8"
        />
      ))}
    </g>
  );
}

function Gallery() {
  const game = useGame();
  const { posts } = game.state;
  return (
    <g>
      <Sky h={760} />
      <path d="M0 470Q250 420 500 460T1000 440V760H0Z" fill="#28386a" />
      <path d="M0 560Q300 500 620 540T1000 530V760H0Z" fill="#172247" />
      <path d="M0 20H1000V64H0Z" fill={paint('wood')} />
      <path d="M0 430H1000V760H0Z" fill={paint('stone')} opacity="0.92" />
      <g fill="#0b0f22" opacity="0.22">
        {range(16).map((index) => (
          <rect
            key={index}
            x={(index % 4) * 260 - (index & 4 ? 110 : 0)}
            y={456 + Math.floor(index / 4) * 78}
            width="250"
            height="70"
            rx="10"
          />
        ))}
      </g>
      <path d="M0 424H1000V446H0Z" fill="#7d88ad" />
      <At x={500} y={520}>
        <Wall posts={posts} post={GALLERY} />
      </At>
      {range(POST_PARTS).map((part) => (
        <Setting key={part} part={part} post={GALLERY} />
      ))}
      <At x={850} y={700}>
        <DoneLamps done={donePosts(game)} />
      </At>
    </g>
  );
}

function Pit() {
  const game = useGame();
  return (
    <g>
      <rect width="1000" height="760" rx="24" fill="#151a2e" />
      <rect width="1000" height="760" rx="24" fill={paint('stone')} opacity="0.7" />
      <Glow x={500} y={120} rx={640} of="lamp" />
      <rect x="60" y="34" width="760" height="150" rx="14" fill="#1d2230" opacity="0.85" />
      <At x={440} y={110}>
        <Wall posts={game.state.posts} post={PIT} />
      </At>
      {range(POST_PARTS).map((part) => (
        <Setting key={part} part={part} post={PIT} />
      ))}
      <At x={866} y={110}>
        <g transform="scale(.85)">
          <DoneLamps done={donePosts(game)} />
        </g>
      </At>
    </g>
  );
}

/** One lantern or weight: a press sets the next value, the arrow keys the next or the previous. */
function Setting({ part, post }: { part: number; post: Post }) {
  const game = useGame();
  const { t, state } = game;
  const { posts } = state;
  const gallery = post === GALLERY;
  const value = (gallery ? posts.moons : posts.weights)[part] ?? 0;
  const mark = (gallery ? posts.lanternMarks : posts.weightMarks)[part] ?? 0;
  const x = 200 + part * 300;
  const set = (step: number): void => {
    const next = (value + step + POST_VALUES) % POST_VALUES;
    game.send({ type: gallery ? 'moon' : 'weight', part, value: next });
  };
  return (
    <Hotspot
      x={x - 105}
      y={gallery ? 64 : 230}
      w={210}
      h={gallery ? 350 : 500}
      label={t(gallery ? 'post.lantern' : 'post.weight', { mark: t(`mark.${mark}`) })}
      value={{
        now: value,
        max: POST_VALUES - 1,
        text: t(gallery ? `moon.${value}` : 'notch', { notch: value }),
      }}
      disabled={posts.solved}
      pending={game.pending.some(
        (move) => (move.type === 'moon' || move.type === 'weight') && move.part === part,
      )}
      onPress={() => set(1)}
      onKey={(key) => {
        const step = arrowStep(key);
        if (step !== 0 && !posts.solved) set(step);
        return step !== 0;
      }}
    >
      {gallery ? (
        <At x={x} y={222} s={0.93}>
          <Lantern phase={value} mark={mark} />
        </At>
      ) : (
        <At x={x} y={610}>
          <Weight value={value} mark={mark} />
        </At>
      )}
    </Hotspot>
  );
}
