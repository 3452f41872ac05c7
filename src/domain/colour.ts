/** Contrast by WCAG 2.1: keeps text readable whatever colours a studio chooses. Colours are `#rrggbb`. */

/** The minimum contrast of level AA for text of normal size. */
const AA = 4.5;

/** Black or white, whichever has the higher contrast to the background. */
export function inkOn(background: string): '#000000' | '#ffffff' {
  return contrast(background, '#ffffff') >= contrast(background, '#000000') ? '#ffffff' : '#000000';
}

/** Colour of text on the accent: the studio's ink if the contrast suffices, else black or white. */
export function accentInk(accent: string, ink: string): string {
  return contrast(ink, accent) >= AA ? ink : inkOn(accent);
}

/** Mixes `colour` with `ink` in steps of 10 % until its contrast to `paper` suffices; at most `ink` itself. */
export function readable(colour: string, paper: string, ink: string): string {
  for (let share = 0; share < 1; share += 0.1) {
    const mixed = mix(colour, ink, share);
    if (contrast(mixed, paper) >= AA) return mixed;
  }
  return ink;
}

/** Contrast ratio, 1 … 21. */
export function contrast(one: string, other: string): number {
  const a = luminance(one);
  const b = luminance(other);
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

function mix(one: string, other: string, share: number): string {
  const b = channels(other);
  const mixed = channels(one).map((value, index) => Math.round(value + ((b[index] ?? 0) - value) * share));
  return `#${mixed.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
}

/** Relative luminance, 0 … 1. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = channels(colour).map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function channels(colour: string): number[] {
  return [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
}
