/** @jsxImportSource preact */
/** The frame of a scene: measures its container, chooses the composition, draws room, things and light. */
import type { ComponentChildren } from 'preact';
import { Dust } from '../art/basics.tsx';
import { type Game, useGame } from '../game.ts';
import type { Place } from '../view-model.ts';
import { type Box, Picture, useSize } from '../ui/picture.tsx';
import { SceneThings, type Thing, type Transform } from '../ui/scene-things.tsx';

/** The arrangement of a scene's things; there is one for wide and one for tall containers. */
export interface Composition<ThingId extends string> {
  /** The part that is always visible. */
  readonly safe: Box;
  readonly layout: { readonly [id in ThingId]: Transform };
}

interface SceneProperties<ThingId extends string> {
  readonly place: Place;
  readonly wide: Composition<ThingId>;
  readonly tall: Composition<ThingId>;
  readonly room: (tall: boolean) => ComponentChildren;
  readonly light: (tall: boolean) => ComponentChildren;
  readonly dust: { readonly wide: Box; readonly tall: Box };
  readonly things: (game: Game, layout: Composition<ThingId>['layout'], tall: boolean) => readonly Thing[];
}

export function Scene<ThingId extends string>(properties: SceneProperties<ThingId>) {
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
          animation={<Dust {...(isTall ? dust.tall : dust.wide)} />}
        >
          {room(isTall)}
          <SceneThings things={things(game, layout, isTall)} light={light(isTall)} />
        </Picture>
      )}
    </div>
  );
}

/** Returns a press handler: it uses the selected item on `target`, or calls `otherwise` if it cannot. */
export function selectedItemOr(game: Game, target: string, otherwise: () => void): () => void {
  return () => {
    if (!game.selected || !game.use(game.selected, target)) otherwise();
  };
}
