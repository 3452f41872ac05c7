/** The size of a picture's unit, and the positions of its things. */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';

/** Positions of the things of a picture, by id, in picture units. Signals refer to them by index. */
export type Anchors = { readonly [id: string]: { readonly x: number; readonly y: number } };

export const UnitContext = createContext(1);

/** The number of picture units in one CSS pixel. */
export const useUnit = (): number => useContext(UnitContext);
