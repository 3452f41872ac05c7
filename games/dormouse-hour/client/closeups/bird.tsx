/** @jsxImportSource preact */
/** The close-up of the nightingale and its five bells. */
import { useState } from 'preact/hooks';
import { BELLS } from '../../rules/state.ts';
import { Nightingale } from '../art/animals.tsx';
import { At, Glow, Grain, range } from '../art/basics.tsx';
import { paint } from '../art/defs.tsx';
import { ItemArt } from '../art/items.tsx';
import { useGame } from '../game.ts';
import { NOTE_GAP_S } from '../sounds.ts';
import { Closeup } from '../ui/closeup.tsx';
import { Hotspot } from '../ui/hotspot.tsx';

/** The y of a bell's line on the stave: the highest note is at the top. */
const wireY = (bell: number): number => 360 - bell * 66;

export function Bird() {
  const game = useGame();
  const { state, t } = game;
  const { bird } = state;
  // Only songs that begin while this view is shown are animated. Using the key on the bird opens the view; the
  // song of that pending move counts as new.
  const [songsBefore] = useState(
    () => bird.songs - (game.pending.some(({ type }) => type === 'use') ? 1 : 0),
  );
  const text = bird.open ? 'bird.done' : bird.wound ? 'bird.words' : 'bird.silent';
  return (
    <Closeup name="bird" title={t('puzzle.bird')} words={<p>{t(text)}</p>}>
      <rect width="1000" height="760" rx="20" fill={paint('wall')} />
      <Glow x={250} y={240} rx={460} of="lamp" />
      <path d="M0 560H1000V760H0Z" fill={paint('woodLit')} />
      <Grain x={0} y={566} w={1000} h={190} lines={5} />
      <path d="M0 560H1000" stroke="#e3b98a" stroke-width="4" opacity="0.6" />
      <Stave />
      {bird.songs > songsBefore && (
        <Song key={bird.songs} tune={bird.tune} delay={bird.songs === 1 ? 1.1 : 0.1} />
      )}
      <Box />
      {range(BELLS).map((bell) => (
        <Bell key={bell} bell={bell} />
      ))}
    </Closeup>
  );
}

function Stave() {
  return (
    <g>
      <rect x="500" y="56" width="470" height="350" rx="18" fill="#171124" opacity="0.75" />
      {range(BELLS).map((bell) => (
        <g key={bell}>
          <path d={`M580 ${wireY(bell)}H945`} stroke="#d5a650" stroke-width="3" opacity="0.8" />
          <BellShape x={540} y={wireY(bell) + 20} s={0.62 - bell * 0.06} />
        </g>
      ))}
    </g>
  );
}

/** Each note lights up on its bell's line when it is sung. */
function Song({ tune, delay }: { tune: readonly number[]; delay: number }) {
  return (
    <g>
      {tune.map((bell, index) => (
        <g
          key={index}
          class="dh-note"
          style={{ animationDelay: `${delay + index * NOTE_GAP_S}s` }}
          transform={`translate(${630 + index * 70} ${wireY(bell)})`}
        >
          <circle r="40" fill={paint('lamp')} />
          <circle r="17" fill="#fff3c4" stroke="#8d5f26" stroke-width="3" />
        </g>
      ))}
    </g>
  );
}

function Box() {
  const game = useGame();
  const { state, t } = game;
  const { bird } = state;
  return (
    <g>
      <rect x="70" y="410" width="370" height="150" rx="12" fill={paint('wood')} />
      <Grain x={76} y={420} w={358} h={134} />
      <rect x="60" y="396" width="390" height="26" rx="8" fill={paint('woodLit')} />
      {bird.open ? (
        <g>
          <path d="M120 440H390V550H120Z" fill="#140d0c" />
          <path d="M100 536H410V580H100Z" fill={paint('woodLit')} />
        </g>
      ) : (
        range(bird.tune.length).map((note) => (
          <g key={note} transform={`translate(${140 + note * 57} 516)`}>
            <path
              d="M0 -18L15 0L0 18L-15 0Z"
              fill={note < bird.right ? '#ffe6a0' : '#2a1a15'}
              stroke="#d5a650"
              stroke-width="3"
            />
            {note < bird.right && <Glow x={0} y={0} rx={34} of="lamp" />}
          </g>
        ))
      )}
      <Hotspot
        x={110}
        y={90}
        w={300}
        h={310}
        label={t(bird.wound ? 'bird.again' : 'bird.asleep')}
        disabled={!bird.wound}
        pending={game.pending.some(({ type }) => type === 'sing')}
        onPress={() => game.send({ type: 'sing' })}
      >
        <At x={255} y={386} s={2.3}>
          <g class={bird.wound && !bird.open ? 'dh-bob' : undefined}>
            <Nightingale open={bird.wound} />
          </g>
        </At>
      </Hotspot>
      {!bird.open && <Keyhole />}
      {bird.open && state.bag.includes('nut') && (
        <At x={330} y={520} s={0.5}>
          <ItemArt item="nut" />
        </At>
      )}
    </g>
  );
}

function Keyhole() {
  const game = useGame();
  const { state, selected: held, t } = game;
  const press = (): void => {
    if (held) game.use(held, 'bird');
    else game.host.announce(t(state.bag.includes('key') ? 'said.keyReady' : 'said.keyNeeded'));
  };
  return (
    <Hotspot
      x={205}
      y={414}
      w={100}
      h={76}
      label={t(state.bird.wound ? 'bird.keyIn' : 'bird.keyhole')}
      drop="bird"
      onPress={press}
      disabled={state.bird.wound}
    >
      <circle cx="255" cy="452" r="29" fill={paint('brass')} stroke="#50310f" stroke-width="2" />
      {state.bird.wound ? (
        <g transform="translate(255 452)">
          <g class="dh-unwind">
            <path
              d="M-52 0a20 20 0 0 1 38 -9h28a20 20 0 1 1 0 18h-28a20 20 0 0 1 -38 -9z"
              fill={paint('gold')}
              stroke="#50310f"
              stroke-width="3"
            />
            <circle cx="-32" r="9" fill="#3a2412" />
            <circle cx="32" r="9" fill="#3a2412" />
          </g>
        </g>
      ) : (
        <path d="M255 434a11 11 0 0 1 7 20l5 18h-24l5 -18a11 11 0 0 1 7 -20" fill="#1a0f08" />
      )}
    </Hotspot>
  );
}

function BellShape({ x, y, s }: { x: number; y: number; s: number }) {
  return (
    <At x={x} y={y} s={s}>
      <path
        d="M-50 0Q-40 -18 -38 -50Q-34 -96 0 -96Q34 -96 38 -50Q40 -18 50 0Z"
        fill={paint('brass')}
        stroke="#50310f"
        stroke-width="2"
      />
      <path
        d="M-26 -14Q-24 -70 -10 -84"
        stroke="#fff6da"
        stroke-width="8"
        fill="none"
        opacity="0.6"
        stroke-linecap="round"
      />
      <circle cy="6" r="11" fill="#6d461d" />
      <circle cy="-104" r="10" fill={paint('boss')} />
    </At>
  );
}

function Bell({ bell }: { bell: number }) {
  const game = useGame();
  const { bird } = game.state;
  const x = 110 + bell * 195;
  const s = 1.5 - bell * 0.16;
  const rung = bird.strokes > 0 && bird.lastBell === bell;
  return (
    <Hotspot
      x={x - 85}
      y={550}
      w={170}
      h={200}
      label={game.t('bird.bell', { number: bell + 1 })}
      onPress={() => game.send({ type: 'ring', bell })}
    >
      <g key={rung ? bird.strokes : 0} class={rung ? 'dh-ring' : undefined}>
        <BellShape x={x} y={708} s={s} />
      </g>
      <g fill="#3a2412">
        {range(bell + 1).map((dot) => (
          <circle key={dot} cx={x + (dot - bell / 2) * 18} cy="738" r="6" />
        ))}
      </g>
    </Hotspot>
  );
}
