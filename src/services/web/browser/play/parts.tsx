/** @jsxImportSource preact */
/** Hooks and small components used throughout the shell. */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { colourByCss } from '../../../../domain/seat.ts';
import { SEAT_SHAPES } from '../../components/seat-shapes.ts';
import { ICON_PATHS, type IconName } from '../../components/icon-paths.ts';
import type { Model } from './model.ts';

const ModelContext = createContext<Model | null>(null);
export const ModelProvider = ModelContext.Provider;

export function useModel(): Model {
  const model = useContext(ModelContext);
  if (!model) throw new Error('outside of the shell');
  return model;
}

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={ICON_PATHS[name]} />
    </svg>
  );
}

/** The player's shape in the player's colour. */
export function SeatIcon({ colour }: { readonly colour: string }) {
  const { id, shape } = colourByCss(colour);
  return (
    <svg class={`mark mark-${id}`} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={SEAT_SHAPES[shape]} />
    </svg>
  );
}

/** Name and colour by seat, with a fallback for seats that are free now. */
export function usePlayer(): (seat: number) => { readonly name: string; readonly colour: string } {
  const { session, t } = useModel();
  return (seat) =>
    session.players().find((player) => player.seat === seat) ?? {
      name: seat === 0 ? t('studio') : t('player', { seat }),
      colour: '',
    };
}
