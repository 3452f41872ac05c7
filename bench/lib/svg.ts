/**
 * The little of SVG that the plots need. No background, and greys that change with the reader's
 * colour scheme, so that a plot reads on white and on black.
 */
const STYLE = `
text { font: 13px system-ui, -apple-system, 'Segoe UI', sans-serif; fill: #4a5058; }
.title { font-size: 15px; font-weight: 600; }
.small { font-size: 12px; }
.axis { stroke: #8a9099; stroke-width: 1; }
.grid { stroke: #8a9099; stroke-opacity: 0.3; stroke-width: 1; }
@media (prefers-color-scheme: dark) { text { fill: #b4bac2; } }
`;

type Anchor = 'start' | 'middle' | 'end';

export function text(x: number, y: number, words: string, anchor: Anchor = 'start', kind = ''): string {
  return `<text x="${at(x)}" y="${at(y)}" text-anchor="${anchor}"${kind && ` class="${kind}"`}>${escaped(words)}</text>`;
}

export function line(x1: number, y1: number, x2: number, y2: number, look: string): string {
  return `<line x1="${at(x1)}" y1="${at(y1)}" x2="${at(x2)}" y2="${at(y2)}" ${look}/>`;
}

export function rect(x: number, y: number, width: number, height: number, colour: string): string {
  return `<rect x="${at(x)}" y="${at(y)}" width="${at(width)}" height="${at(height)}" rx="2" fill="${colour}"/>`;
}

export function dot(x: number, y: number, radius: number, colour: string): string {
  return `<circle cx="${at(x)}" cy="${at(y)}" r="${radius}" fill="${colour}"/>`;
}

export function curve(
  points: readonly (readonly [number, number])[],
  colour: string,
  thickness: number,
): string {
  const joined = points.map(([x, y]) => `${at(x)},${at(y)}`).join(' ');
  return `<polyline points="${joined}" fill="none" stroke="${colour}" stroke-width="${thickness}" stroke-linejoin="round"/>`;
}

/** `says` is for people who do not see it. */
export function drawing(width: number, height: number, says: string, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(says)}</title>`,
    `<style>${STYLE}</style>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

function at(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function escaped(words: string): string {
  return words.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}
