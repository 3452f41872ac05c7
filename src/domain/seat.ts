/**
 * What players may call themselves and how they are told apart: eight colours that people with any
 * kind of colour vision can tell apart (Okabe and Ito's set, its black replaced by a light grey for
 * our dark stage), each with a shape, so that colour is never the only sign.
 */
export const NAME_LENGTH_MAX = 24;

export const SEAT_COLOURS = [
  { id: 'orange', css: '#e69f00', shape: 'circle' },
  { id: 'sky', css: '#56b4e9', shape: 'square' },
  { id: 'green', css: '#009e73', shape: 'triangle' },
  { id: 'yellow', css: '#f0e442', shape: 'diamond' },
  { id: 'blue', css: '#0072b2', shape: 'star' },
  { id: 'red', css: '#d55e00', shape: 'hexagon' },
  { id: 'pink', css: '#cc79a7', shape: 'cross' },
  { id: 'grey', css: '#d8d8d8', shape: 'drop' },
] as const;
export type SeatColour = (typeof SEAT_COLOURS)[number];
export type SeatShape = SeatColour['shape'];

export function colourById(id: string): SeatColour | null {
  return SEAT_COLOURS.find((colour) => colour.id === id) ?? null;
}

/** By the CSS colour that is stored with the seat. */
export function colourByCss(css: string): SeatColour {
  return SEAT_COLOURS.find((colour) => colour.css === css) ?? SEAT_COLOURS[0];
}

/** The wish if no mate has it, else the first free one. There are as many colours as seats at most. */
export function freeColour(wish: SeatColour | null, taken: readonly string[]): SeatColour {
  if (wish && !taken.includes(wish.css)) return wish;
  return SEAT_COLOURS.find(({ css }) => !taken.includes(css)) ?? wish ?? SEAT_COLOURS[0];
}

/** 1 … NAME_LENGTH_MAX characters as people count them, no control or layout characters; null = not a name. */
export function cleanName(given: string): string | null {
  const name = given
    .normalize('NFC')
    // Control, format (joiners inside emoji and scripts stay), private use, line and paragraph separators.
    .replace(/[\p{Cc}\p{Co}\p{Cs}\p{Zl}\p{Zp}\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu, ' ')
    .replace(/\s+/gu, ' ')
    .trim();
  const length = [...graphemes.segment(name)].length;
  return length >= 1 && length <= NAME_LENGTH_MAX && name.length <= NAME_BYTES_GUARD ? name : null;
}

const graphemes = new Intl.Segmenter('en');
/** A grapheme may hide hundreds of combining marks. */
const NAME_BYTES_GUARD = 4 * NAME_LENGTH_MAX;
