/**
 * The parts of SVG that the plots need. There is no background, and the greys follow the reader's colour
 * scheme, so that a plot can be read on white and on black.
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

export function text(x: number, y: number, content: string, anchor: Anchor = 'start', kind = ''): string {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}"${kind && ` class="${kind}"`}>${escapeXml(content)}</text>`;
}

export function line(x1: number, y1: number, x2: number, y2: number, attributes: string): string {
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" ${attributes}/>`;
}

export function rect(x: number, y: number, width: number, height: number, colour: string): string {
  return `<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" rx="2" fill="${colour}"/>`;
}

export function dot(x: number, y: number, radius: number, colour: string): string {
  return `<circle cx="${round(x)}" cy="${round(y)}" r="${radius}" fill="${colour}"/>`;
}

export function curve(
  points: readonly (readonly [number, number])[],
  colour: string,
  thickness: number,
): string {
  const joined = points.map(([x, y]) => `${round(x)},${round(y)}`).join(' ');
  return `<polyline points="${joined}" fill="none" stroke="${colour}" stroke-width="${thickness}" stroke-linejoin="round"/>`;
}

/** `title` is the text for people who cannot see the drawing. */
export function drawing(width: number, height: number, title: string, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escapeXml(title)}</title>`,
    `<style>${STYLE}</style>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

function round(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function escapeXml(content: string): string {
  return content.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}
