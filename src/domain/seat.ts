/**
 * Names and colours of players. The eight colours can be distinguished with any kind of colour vision (the palette of
 * Okabe and Ito, with light grey instead of black for our dark background); each has a shape, so that nothing is
 * conveyed by colour alone.
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

/** Looks up the CSS colour that is stored with a seat. */
export function colourByCss(css: string): SeatColour {
  return SEAT_COLOURS.find((colour) => colour.css === css) ?? SEAT_COLOURS[0];
}

/** The preferred colour if no player of the team has it, else the first free one. A team has at most eight seats. */
export function freeColour(preferred: SeatColour | null, taken: readonly string[]): SeatColour {
  if (preferred && !taken.includes(preferred.css)) return preferred;
  return SEAT_COLOURS.find(({ css }) => !taken.includes(css)) ?? preferred ?? SEAT_COLOURS[0];
}

/** Normalises a name: 1 … NAME_LENGTH_MAX graphemes without control or layout characters; null = not a valid name. */
export function cleanName(given: string): string | null {
  const name = given
    .normalize('NFC')
    // Control, private use, surrogates, separators, and format characters other than joiners, which emoji and scripts need.
    .replace(/[\p{Cc}\p{Co}\p{Cs}\p{Zl}\p{Zp}\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu, ' ')
    .replace(/\s+/gu, ' ')
    .trim();
  const length = [...graphemes.segment(name)].length;
  return length >= 1 && length <= NAME_LENGTH_MAX && name.length <= NAME_UNITS_MAX ? name : null;
}

const graphemes = new Intl.Segmenter('en');
/** In UTF-16 code units: one grapheme can have hundreds of combining marks. */
const NAME_UNITS_MAX = 4 * NAME_LENGTH_MAX;
