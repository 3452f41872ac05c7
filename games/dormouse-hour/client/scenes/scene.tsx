/** @jsxImportSource preact */
/** The frame of a scene: measures its box, chooses the composition, draws the things and the light. */
import type { ComponentChildren } from 'preact';
import { Dust } from '../art/basics.tsx';
import { type Game, type Place, useGame } from '../game.ts';
import { type Box, Picture, useSize } from '../ui/picture.tsx';
import { type Placed, SceneThings, type Thing } from '../ui/scene-things.tsx';

/** One composition for wide, one for tall screens. */
export interface Composition<Spot extends string> {
  readonly safe: Box;
  readonly layout: { readonly [spot in Spot]: Placed };
}

interface SceneProperties<Spot extends string> {
  readonly place: Place;
  readonly wide: Composition<Spot>;
  readonly tall: Composition<Spot>;
  readonly room: (tall: boolean) => ComponentChildren;
  readonly light: (tall: boolean) => ComponentChildren;
  readonly dust: { readonly wide: Box; readonly tall: Box };
  readonly things: (game: Game, layout: Composition<Spot>['layout'], tall: boolean) => readonly Thing[];
}

export function Scene<Spot extends string>(properties: SceneProperties<Spot>) {
  const { place, wide, tall, room, light, dust, things } = properties;
  const game = useGame();
  const { ref, width, height } = useSize<HTMLDivElement>();
  const isTall = width < height;
  const { safe, layout } = isTall ? tall : wide;
  return (
    <div class="dh-fill" ref={ref}>
      {width > 0 && (
        <Picture
          view={place}
          label={game.t(place)}
          {...{ safe, width, height }}
          anchors={layout}
          stage={`${place}.${isTall ? 'tall' : 'wide'}`}
          movers={<Dust {...(isTall ? dust.tall : dust.wide)} />}
        >
          {room(isTall)}
          <SceneThings things={things(game, layout, isTall)} light={light(isTall)} />
        </Picture>
      )}
    </div>
  );
}

/** Uses the held item here if there is one; if that comes to nothing, does `otherwise`. */
export function useOr(game: Game, target: string, otherwise: () => void): () => void {
  return () => {
    if (!game.held || !game.use(game.held, target)) otherwise();
  };
}
