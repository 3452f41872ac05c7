/** @jsxImportSource preact */
/** The close-up of the drawer's lock: four drums with six faces each. */
import { FACES } from '../../rules/state.ts';
import { At, Grain, range } from '../art/basics.tsx';
import { paint } from '../art/defs.tsx';
import { Head } from '../art/heads.tsx';
import { faceName, useGame } from '../game.ts';
import { Closeup } from '../ui/closeup.tsx';
import { FitText } from '../ui/label.tsx';
import { arrowStep, Hotspot } from '../ui/hotspot.tsx';

export function Drawer() {
  const game = useGame();
  const { state, t } = game;
  return (
    <Closeup
      name="drawer"
      title={t('puzzle.drawer')}
      words={<p>{t(state.drawer.open ? 'drawer.done' : 'drawer.words')}</p>}
    >
      <rect x="10" y="30" width="980" height="700" rx="26" fill={paint('wood')} />
      <Grain x={20} y={40} w={960} h={680} lines={9} />
      <rect
        x="10"
        y="30"
        width="980"
        height="700"
        rx="26"
        fill="none"
        stroke="#c08b5a"
        stroke-width="5"
        opacity="0.6"
      />
      <rect x="40" y="150" width="920" height="560" rx="36" fill={paint('brass')} />
      <rect x="54" y="164" width="892" height="532" rx="28" fill={paint('brassDark')} />
      {[70, 930].map((x) =>
        [180, 680].map((y) => <circle key={`${x} ${y}`} cx={x} cy={y} r="9" fill="#f7dc94" />),
      )}
      <path
        d="M230 60H770L790 92L770 124H230L210 92Z"
        fill={paint('plate')}
        stroke="#50310f"
        stroke-width="3"
      />
      <g class="dh-engraved">
        <FitText x={500} y={108} width={490} size={46} text={t('drawer.plate')} />
      </g>
      {state.drawer.wheels.map((face, wheel) => (
        <Drum key={wheel} wheel={wheel} face={face} />
      ))}
    </Closeup>
  );
}

function Drum({ wheel, face }: { wheel: number; face: number }) {
  const game = useGame();
  const { state, t } = game;
  const x = 170 + wheel * 220;
  const turn = (step: number): void =>
    game.send({ type: 'face', wheel, face: (face + step + FACES) % FACES });
  const pending = game.pending.some((move) => move.type === 'face' && move.wheel === wheel);
  const isOpen = state.drawer.open;
  return (
    <g>
      <Arrow x={x} y={218} label={t('drawer.back')} up onPress={() => turn(-1)} disabled={isOpen} />
      <Hotspot
        x={x - 98}
        y={282}
        w={196}
        h={296}
        label={t('drawer.drum', { number: wheel + 1 })}
        value={{ now: face, max: FACES - 1, text: faceName(game, face) }}
        pending={pending}
        disabled={isOpen}
        onPress={() => turn(1)}
        onKey={(key) => {
          const step = arrowStep(key);
          if (step !== 0 && !isOpen) turn(step);
          return step !== 0;
        }}
      >
        <Faces x={x} face={face} />
      </Hotspot>
      <Arrow x={x} y={642} label={t('drawer.next')} onPress={() => turn(1)} disabled={isOpen} />
    </g>
  );
}

/** The drum behind its window: one face in the middle, the edges of the next faces above and below. */
function Faces({ x, face }: { x: number; face: number }) {
  const frame = { x: x - 98, y: 282, width: 196, height: 296, rx: 18 };
  return (
    <g>
      <rect {...frame} fill="#23150c" />
      <svg x={x - 90} y="290" width="180" height="280" viewBox="-90 -140 180 280">
        <rect x="-90" y="-140" width="180" height="280" fill="#efe2c0" />
        {range(FACES).map((other) => {
          const offset = ((other - face + FACES + FACES / 2) % FACES) - FACES / 2;
          return (
            <g
              key={other}
              class="dh-drum"
              style={{ transform: `translateY(${offset * 170}px)` }}
              opacity={Math.abs(offset) > 1 ? 0 : 1}
            >
              <path d="M-90 85H90" stroke="#c9b485" stroke-width="4" />
              <At x={0} y={6} s={1.42}>
                <Head face={other} />
              </At>
            </g>
          );
        })}
        <rect x="-90" y="-140" width="180" height="70" fill={paint('shade')} transform="rotate(180 0 -105)" />
        <rect x="-90" y="70" width="180" height="70" fill={paint('shade')} />
      </svg>
      <rect {...frame} fill="none" stroke="#f7dc94" stroke-width="5" opacity="0.8" />
    </g>
  );
}

/** An arrow button, for pointers only: with a keyboard, the drum itself handles the arrow keys. */
function Arrow(props: {
  x: number;
  y: number;
  label: string;
  up?: boolean;
  disabled: boolean;
  onPress: () => void;
}) {
  const { x, y, up = false, ...rest } = props;
  return (
    <Hotspot x={x - 80} y={y - 50} w={160} h={100} pointerOnly {...rest}>
      <path
        d={up ? 'M-34 16L0 -18L34 16' : 'M-34 -16L0 18L34 -16'}
        transform={`translate(${x} ${y})`}
        stroke="#f7dc94"
        stroke-width="13"
        stroke-linecap="round"
        stroke-linejoin="round"
        fill="none"
      />
    </Hotspot>
  );
}
