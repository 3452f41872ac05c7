/** Measures of a picture that its parts need. */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';

/** Where the things of a picture stand. */
export type Anchors = { readonly [spot: string]: { readonly x: number; readonly y: number } };

export const UnitContext = createContext(1);

/** Units of the picture that make one CSS pixel. */
export const useUnit = (): number => useContext(UnitContext);
