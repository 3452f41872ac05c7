/** @jsxImportSource preact */
/** The first scene: the keeper's loft under the clock. */
import { isKeyOnHook } from '../../rules/apply.ts';
import type { Game } from '../game.ts';
import type { Thing } from '../ui/scene-things.tsx';
import { LOFT_DUST, LoftLight, LoftRoom } from './loft-room.tsx';
import { Alcove, Bench, BirdTable, KeyHook, Letter, PortraitWall, Windlass } from './loft-things.tsx';
import { type Composition, Scene, selectedItemOr } from './scene.tsx';

type ThingId = 'hatch' | 'bird' | 'portraits' | 'drawer' | 'note' | 'bed' | 'key';

const WIDE: Composition<ThingId> = {
  safe: { x: 300, y: 150, w: 1460, h: 730 },
  layout: {
    hatch: { x: 395, y: 620 },
    bird: { x: 745, y: 850, s: 0.9 },
    key: { x: 965, y: 345 },
    portraits: { x: 1065, y: 355, s: 0.88 },
    drawer: { x: 1190, y: 850 },
    note: { x: 1290, y: 588 },
    bed: { x: 1590, y: 800 },
  },
};
const TALL: Composition<ThingId> = {
  safe: { x: 120, y: 280, w: 770, h: 1370 },
  layout: {
    hatch: { x: 752, y: 930 },
    bird: { x: 265, y: 1405, s: 1.08 },
    key: { x: 575, y: 520, s: 1.25 },
    portraits: { x: 200, y: 868, s: 0.9 },
    drawer: { x: 625, y: 1350, s: 0.96 },
    note: { x: 725, y: 1096, s: 1.1 },
    bed: { x: 680, y: 1690, s: 1 },
  },
};

export function Loft() {
  return (
    <Scene
      place="loft"
      wide={WIDE}
      tall={TALL}
      room={(tall) => <LoftRoom tall={tall} />}
      light={(tall) => <LoftLight tall={tall} />}
      dust={LOFT_DUST}
      things={things}
    />
  );
}

/** In drawing order, from back to front. */
function things(game: Game, at: Composition<ThingId>['layout'], tall: boolean): Thing[] {
  const { state, t } = game;
  return [
    hatch(game, at, tall ? 540 : 400),
    {
      id: 'portraits',
      at: at.portraits,
      box: [-75, -110, 600, 200],
      name: t('spot.portraits'),
      art: <PortraitWall state={state} columns={4} />,
      eye: state.drawer.open ? null : [225, 96],
      closeup: 'portraits',
      onPress: () => game.open('portraits'),
    },
    {
      id: 'bed',
      at: at.bed,
      box: [-176, -358, 352, 358],
      name: t('spot.bed'),
      art: <Alcove />,
      onPress: () => {
        game.sounds.play('snore');
        game.host.caption(t('caption.snore'));
        game.host.announce(t('said.bed'));
      },
    },
    {
      id: 'drawer',
      at: at.drawer,
      box: [-210, -226, 420, 180],
      name: t('spot.drawer'),
      art: <Bench state={state} />,
      eye: state.drawer.open ? null : [176, -168],
      closeup: 'drawer',
      onPress: () => game.open('drawer'),
    },
    {
      id: 'note',
      at: at.note,
      box: [-60, -56, 130, 76],
      name: t('spot.note'),
      art: <Letter />,
      eye: [66, -44],
      closeup: 'note',
      onPress: () => game.open('note'),
    },
    bird(game, at),
    ...key(game, at),
  ];
}

function hatch(game: Game, at: Composition<ThingId>['layout'], up: number): Thing {
  const { state, t } = game;
  const shut = () =>
    game.host.announce(t(state.bag.includes('crank') ? 'said.hatchCrank' : 'said.hatchShut'));
  return {
    id: 'hatch',
    at: at.hatch,
    box: [-80, -up * 0.6, 220, up * 0.6 + 150],
    name: t(state.hatch ? 'spot.ladder' : 'spot.hatch'),
    art: <Windlass open={state.hatch} up={up} />,
    eye: state.hatch ? [0, -60] : [142, -66],
    drop: 'hatch',
    onPress: state.hatch ? () => game.go('chamber') : selectedItemOr(game, 'hatch', shut),
  };
}

function bird(game: Game, at: Composition<ThingId>['layout']): Thing {
  const { state, t } = game;
  return {
    id: 'bird',
    at: at.bird,
    box: [-140, -440, 280, 440],
    name: t('spot.bird'),
    art: <BirdTable state={state} />,
    eye: state.bird.open ? null : [112, -360],
    closeup: 'bird',
    drop: 'bird',
    onPress: selectedItemOr(game, 'bird', () => game.open('bird')),
  };
}

function key(game: Game, at: Composition<ThingId>['layout']): Thing[] {
  if (!isKeyOnHook(game.state)) return [];
  return [
    {
      id: 'key',
      at: at.key,
      box: [-36, -20, 72, 150],
      name: game.t('spot.key'),
      art: <KeyHook there />,
      eye: [42, 8],
      onPress: () => game.send({ type: 'take', item: 'key' }),
    },
  ];
}
