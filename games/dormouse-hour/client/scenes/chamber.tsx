/** @jsxImportSource preact */
/** The second scene: the clock chamber behind the great dial. */
import { isReadyToSwing } from '../../rules/apply.ts';
import type { Game } from '../game.ts';
import type { Thing } from '../ui/scene-things.tsx';
import { CHAMBER_DUST, ChamberLight, ChamberRoom } from './chamber-room.tsx';
import { FloorHatch, Lift, Movement, Pendulum, RunOnWall } from './chamber-things.tsx';
import { type Composition, Scene, selectedItemOr } from './scene.tsx';

type ThingId = 'posts' | 'train' | 'run' | 'swing' | 'down';

const WIDE: Composition<ThingId> = {
  safe: { x: 300, y: 130, w: 1460, h: 760 },
  layout: {
    posts: { x: 455, y: 840, s: 1 },
    swing: { x: 705, y: 850, s: 1 },
    train: { x: 1090, y: 860, s: 0.88 },
    run: { x: 1590, y: 500, s: 0.8 },
    down: { x: 1580, y: 850, s: 0.8 },
  },
};
const TALL: Composition<ThingId> = {
  safe: { x: 115, y: 290, w: 770, h: 1370 },
  layout: {
    posts: { x: 240, y: 1370, s: 0.86 },
    swing: { x: 440, y: 1400 },
    train: { x: 605, y: 1640, s: 0.86 },
    run: { x: 705, y: 1075, s: 0.78 },
    down: { x: 240, y: 1560, s: 0.8 },
  },
};

export function Chamber() {
  return (
    <Scene
      place="chamber"
      wide={WIDE}
      tall={TALL}
      room={(tall) => <ChamberRoom tall={tall} />}
      light={(tall) => <ChamberLight tall={tall} />}
      dust={CHAMBER_DUST}
      things={things}
    />
  );
}

/** In drawing order, from back to front. */
function things(game: Game, at: Composition<ThingId>['layout']): Thing[] {
  const { state, t } = game;
  return [
    {
      id: 'posts',
      at: at.posts,
      box: [-150, -640, 300, 650],
      name: t('spot.posts'),
      art: <Lift state={state} />,
      eye: state.posts.solved ? null : [0, -330],
      closeup: 'posts',
      onPress: () => game.open('posts'),
    },
    run(game, at),
    pendulum(game, at),
    {
      id: 'train',
      at: at.train,
      box: [-300, -470, 600, 440],
      name: t('spot.train'),
      art: <Movement state={state} />,
      eye: state.train.solved ? null : [0, -250],
      closeup: 'train',
      onPress: () => game.open('train'),
    },
    {
      id: 'down',
      at: at.down,
      box: [-150, -110, 300, 160],
      name: t('spot.down'),
      art: <FloorHatch />,
      onPress: () => game.go('loft'),
    },
  ];
}

function run(game: Game, at: Composition<ThingId>['layout']): Thing {
  const { state, t } = game;
  const open = (): void => {
    if (state.train.solved) game.open('run');
    else game.host.announce(t('said.runShut'));
  };
  return {
    id: 'run',
    at: at.run,
    box: [-212, -222, 424, 400],
    name: t('spot.run'),
    art: <RunOnWall state={state} />,
    eye: state.run.solved || !state.train.solved ? null : [0, -30],
    closeup: 'run',
    drop: 'run',
    onPress: selectedItemOr(game, 'run', open),
  };
}

function pendulum(game: Game, at: Composition<ThingId>['layout']): Thing {
  const { state, t } = game;
  const isReady = isReadyToSwing(state);
  const push = (): void => {
    if (isReady) game.send({ type: 'swing' });
    else game.host.announce(t(state.train.solved ? 'said.notYet' : 'said.noWheels'));
  };
  return {
    id: 'swing',
    at: at.swing,
    box: [-66, -500, 132, 490],
    name: t(isReady ? 'spot.swing' : 'spot.pendulum'),
    art: <Pendulum swinging={state.swinging} />,
    eye: isReady ? [0, -92] : null,
    onPress: push,
  };
}
