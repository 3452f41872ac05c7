/** @jsxImportSource preact */
/** The close-up of the wheels: put three wheels on the arbors so that the last fixed wheel turns. */
import { ARBORS, type Item, wheelItem } from '../../rules/state.ts';
import { fit } from '../../rules/train.ts';
import { At, Glow } from '../art/basics.tsx';
import { paint } from '../art/defs.tsx';
import { toothPath, wheelRadius } from '../art/wheel.tsx';
import { useGame } from '../game.ts';
import { Closeup } from '../ui/closeup.tsx';
import { Hotspot } from '../ui/hotspot.tsx';
import { itemMove } from '../use-item.ts';
import { arborPoints, platePoints } from './train-layout.ts';
import { TrainWheels } from './train-wheels.tsx';

export function Train() {
  const game = useGame();
  const { state, t } = game;
  const { train } = state;
  const points = arborPoints(train);
  const hasWheel = state.bag.some((item) => item.startsWith('wheel'));
  const text = train.solved
    ? 'train.done'
    : hasWheel || train.placed.some((teeth) => teeth > 0)
      ? 'train.words'
      : 'train.none';
  return (
    <Closeup name="train" title={t('puzzle.train')} words={<p>{t(text)}</p>}>
      <Frame />
      {points.slice(1).map((to, index) => {
        const from = points[index] ?? to;
        return (
          <path
            key={index}
            d={`M${from.x} ${from.y}L${to.x} ${to.y}`}
            stroke="#3a415c"
            stroke-width="34"
            stroke-linecap="round"
          />
        );
      })}
      <TrainWheels state={state} engraved />
      {platePoints(points).map((point, index) => (
        <Plate key={index} {...point} sum={train.gaps[index] ?? 0} fit={fit(train, index)} />
      ))}
      {Array.from({ length: ARBORS }, (_, arbor) => (
        <Arbor key={arbor} arbor={arbor} {...(points[arbor + 1] ?? { x: 0, y: 0 })} />
      ))}
    </Closeup>
  );
}

function Frame() {
  return (
    <g>
      <rect x="10" y="10" width="980" height="740" rx="40" fill={paint('iron')} />
      <rect
        x="10"
        y="10"
        width="980"
        height="740"
        rx="40"
        fill="none"
        stroke="#8b95b5"
        stroke-width="4"
        opacity="0.5"
      />
      <rect x="46" y="46" width="908" height="668" rx="24" fill="#10142a" />
      <Glow x={500} y={380} rx={520} of="cool" />
      <g fill="#8ea9ee" opacity="0.07">
        <path d={toothPath(60)} transform="translate(190 640)" />
        <path d={toothPath(48)} transform="translate(860 130)" />
      </g>
      {[46, 954].map((x) =>
        [46, 714].map((y) => (
          <circle
            key={`${x} ${y}`}
            cx={x}
            cy={y}
            r="20"
            fill={paint('boss')}
            stroke="#50310f"
            stroke-width="2"
          />
        )),
      )}
    </g>
  );
}

/** The sum of teeth that two neighbours need, and a sign for how they fit: meshed, jammed or loose. */
function Plate({ x, y, sum, fit: sign }: { x: number; y: number; sum: number; fit: string }) {
  return (
    <At x={x} y={y}>
      <rect
        x="-48"
        y="-32"
        width="96"
        height="64"
        rx="12"
        fill={paint('plate')}
        stroke="#50310f"
        stroke-width="2"
      />
      <circle cx="-38" cy="0" r="4" fill="#50310f" />
      <circle cx="38" cy="0" r="4" fill="#50310f" />
      <text class="dh-engraved" y="0.35em" text-anchor="middle" font-size="44">
        {sum}
      </text>
      {sign === 'meshed' && <path d="M-20 48l14 14l26 -28" stroke="#a6e3a1" stroke-width="9" fill="none" />}
      {sign === 'jammed' && (
        <path class="dh-shake" d="M-18 40l36 30M18 40l-36 30" stroke="#ff8b7a" stroke-width="9" />
      )}
      {sign === 'loose' && <path d="M-30 54h18M12 54h18" stroke="#ffd88a" stroke-width="9" />}
    </At>
  );
}

function Arbor({ arbor, x, y }: { arbor: number; x: number; y: number }) {
  const game = useGame();
  const { state, selected: held, t } = game;
  const teeth = state.train.placed[arbor] ?? 0;
  const r = Math.max(56, wheelRadius(teeth));
  const item: Item | null = teeth > 0 ? wheelItem(teeth) : null;
  const press = (): void => {
    if (held) game.use(held, `arbor${arbor}`);
    else if (teeth > 0) game.send({ type: 'place', teeth, arbor: -1 });
    else game.host.announce(t('said.chooseWheel'));
  };
  const isInviting = (held ?? game.drag?.item)?.startsWith('wheel') ?? false;
  const pending = game.pending.some((move) => move.type === 'place' && move.arbor === arbor);
  return (
    <g>
      {isInviting && !state.train.solved && <circle class="dh-invite" cx={x} cy={y} r={r + 12} />}
      <Hotspot
        x={x - r}
        y={y - r}
        w={2 * r}
        h={2 * r}
        round
        label={t(teeth > 0 ? 'arbor.wheel' : 'arbor.empty', { number: arbor + 1, teeth })}
        drop={`arbor${arbor}`}
        pending={pending}
        disabled={state.train.solved}
        onPress={press}
        {...(item && !state.train.solved
          ? { onPointerDown: (event: PointerEvent) => game.startDrag(item, event) }
          : {})}
        onKey={(key) => {
          const step = key === 'ArrowRight' ? 1 : key === 'ArrowLeft' ? -1 : 0;
          const next =
            item && step !== 0
              ? itemMove(item, `arbor${(arbor + step + ARBORS) % ARBORS}` as 'arbor0')
              : null;
          if (next) game.send(next);
          return next !== null;
        }}
      />
    </g>
  );
}
