/**
 * The share card of a finished team: a picture of 1200 × 630 without spoilers, drawn as SVG, which a
 * child process converts to PNG.
 */
import type { RoomResult } from '../../domain/result.ts';
import type { StudioSettings } from '../../domain/studio.ts';
import type { Texts } from '../../lib/texts.ts';

export const CARD_WIDTH = 1200;
export const CARD_HEIGHT = 630;

export interface CardFacts {
  readonly title: string;
  readonly locale: string;
  readonly result: RoomResult;
}

/** The path of a room's card in the files port. */
export function cardPath(room: string): string {
  return `cards/${room}.png`;
}

export function cardSvg(facts: CardFacts, studio: StudioSettings, texts: Texts): string {
  const { accent, ink, paper } = studio.colours;
  const { result, locale } = facts;
  const t = (key: string, values?: { readonly [name: string]: string | number }): string =>
    escapeXml(texts.t(locale, `card.${key}`, values));
  const line = [t('hints', { count: result.hints }), t('players', { count: result.players })].join(' · ');
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${CARD_WIDTH}" height="${CARD_HEIGHT}" font-family="Besley">
<rect width="${CARD_WIDTH}" height="${CARD_HEIGHT}" fill="${paper}"/>
<g transform="translate(985 315)">${wheel(ink, accent, paper)}</g>
<rect x="72" y="76" width="56" height="6" fill="${accent}"/>
<text x="72" y="140" font-size="34" fill="${ink}">${t('escaped')}</text>
${titleLines(facts.title, ink)}
<text x="68" y="470" font-size="150" font-weight="700" fill="${accent}">${clockTime(result.durationMs)}</text>
<text x="72" y="530" font-size="32" fill="${ink}">${line}</text>
<text x="72" y="588" font-size="24" fill="${ink}" fill-opacity="0.72">${escapeXml(studio.name)}</text>
</svg>`;
}

/** 754000 → `12:34`; from one hour on `1:02:03`. */
export function clockTime(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const two = (value: number): string => String(value).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${two(seconds % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
}

const TITLE_LINE_CHARS = 24;

/** At most two lines; a longer title ends with an ellipsis. */
function titleLines(title: string, ink: string): string {
  const lines: string[] = [''];
  for (const word of title.split(/\s+/)) {
    const longer = `${lines.at(-1)} ${word}`.trim();
    if (longer.length <= TITLE_LINE_CHARS || lines.at(-1) === '') lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  const shown = lines.slice(0, 2).map((line) => cut(line, TITLE_LINE_CHARS + 4));
  if (lines.length > 2) shown[1] = `${shown[1]}…`;
  return shown
    .map(
      (line, index) =>
        `<text x="70" y="${222 + index * 72}" font-size="62" font-weight="700" fill="${ink}">${escapeXml(line)}</text>`,
    )
    .join('');
}

function cut(line: string, chars: number): string {
  return line.length <= chars ? line : `${line.slice(0, chars - 1)}…`;
}

/** The logo: an escape wheel with its anchor, the parts of a clock's escapement. */
function wheel(ink: string, accent: string, paper: string): string {
  const teeth = 15;
  const points: string[] = [];
  for (let tooth = 0; tooth < teeth; tooth++) {
    const at = (part: number, radius: number): string => {
      const angle = ((tooth + part) / teeth) * 2 * Math.PI;
      return `${(Math.sin(angle) * radius).toFixed(1)},${(-Math.cos(angle) * radius).toFixed(1)}`;
    };
    points.push(at(0, 196), at(0.1, 196), at(0.42, 160), at(0.9, 160));
  }
  const spokes = [0, 72, 144, 216, 288]
    .map(
      (turn) => `<rect x="-8" y="-150" width="16" height="118" fill="${ink}" transform="rotate(${turn})"/>`,
    )
    .join('');
  return `<g opacity="0.94"><polygon points="${points.join(' ')}" fill="${ink}"/>
<circle r="134" fill="none" stroke="${accent}" stroke-width="3"/>
<circle r="146" fill="none" stroke="${ink}" stroke-width="20"/></g>
<circle r="132" fill="${paper}"/>${spokes}<circle r="40" fill="${ink}"/><circle r="14" fill="${accent}"/>
<path d="M-150 -196 Q0 -300 150 -196 L118 -166 L128 -204 Q0 -270 -128 -204 L-118 -166 Z" fill="${accent}"/>
<circle cy="-262" r="14" fill="${ink}"/>`;
}

function escapeXml(text: string): string {
  return text.replace(/[<>&"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
