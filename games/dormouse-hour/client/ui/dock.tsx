/** @jsxImportSource preact */
/** The dock along the edge of the screen: the team's bag, and the stairs between loft and chamber. */
import type { Item } from '../../rules/state.ts';
import { ItemArt } from '../art/items.tsx';
import { useGame } from '../game.ts';
import { useMates } from './mates.tsx';

export function Dock() {
  const game = useGame();
  const mates = useMates();
  return (
    <div class="dh-dock" data-drop="bag">
      <div class="dh-bag" role="toolbar" aria-label={game.t('bag')}>
        {game.state.bag.map((item) => (
          <BagItem key={item} item={item} mate={mates.find((mate) => mate.item === item)?.colour} />
        ))}
        {game.state.bag.length === 0 && <p class="dh-empty">{game.t('bag.empty')}</p>}
      </div>
      {game.state.hatch && <Stairs />}
    </div>
  );
}

function BagItem({ item, mate }: { item: Item; mate: string | undefined }) {
  const game = useGame();
  const isSelected = game.selected === item;
  const classes = ['dh-item', isSelected && 'dh-held', game.drag?.item === item && 'dh-away'];
  return (
    <button
      type="button"
      class={classes.filter(Boolean).join(' ')}
      aria-pressed={isSelected}
      aria-label={game.t(`item.${item}`)}
      title={game.t(`item.${item}`)}
      style={mate ? { outlineColor: mate } : {}}
      onPointerDown={(event) => game.startDrag(item, event)}
      onClick={() => game.select(isSelected ? null : item)}
    >
      <svg viewBox="-52 -52 104 104" aria-hidden="true">
        <ItemArt item={item} />
      </svg>
    </button>
  );
}

function Stairs() {
  const game = useGame();
  const up = game.place === 'loft';
  return (
    <button type="button" class="dh-stairs" onClick={() => game.go(up ? 'chamber' : 'loft')}>
      <svg viewBox="-24 -24 48 48" aria-hidden="true">
        <path d="M-10 20V-20M10 20V-20M-10 -12H10M-10 0H10M-10 12H10" />
        <path class="dh-arrow" d={up ? 'M16 -8L20 -14L24 -8M20 -14V10' : 'M16 4L20 10L24 4M20 10V-14'} />
      </svg>
      <span>{game.t(up ? 'go.chamber' : 'go.loft')}</span>
    </button>
  );
}
