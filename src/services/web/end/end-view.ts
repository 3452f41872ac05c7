/**
 * Renders the result of a game as HTML. The server calls it once the result is stored; until then the page's script
 * calls it with the summary that the play page has stored in the browser. All values are escaped here.
 */
export interface EndData {
  readonly finished: boolean;
  readonly durationMs: number;
  readonly hints: number;
  readonly players: number;
  /** In the order in which they were solved; `atMs` is the time since the first move. */
  readonly puzzles: readonly { readonly name: string; readonly atMs: number }[];
  readonly comparison: Comparison;
}

export type Comparison =
  | { readonly state: 'comparing' }
  /** Too few teams have finished this game to compare with. */
  | { readonly state: 'few'; readonly teams: number }
  | { readonly state: 'known'; readonly teams: number; readonly slowerPercent: number };

type Translate = (key: string, values?: { readonly [name: string]: string | number }) => string;

export function endView(data: EndData, t: Translate): string {
  return `
    <div class="end-figures">
      ${figure('time', clockText(data.durationMs), t('time'))}
      ${figure('hints', String(data.hints), t('hints', { count: data.hints }))}
      ${figure('players', String(data.players), t('players', { count: data.players }))}
    </div>
    ${comparison(data, t)}
    ${data.puzzles.length > 0 ? timeline(data, t) : ''}`;
}

function figure(name: string, value: string, label: string): string {
  return `<p class="end-figure end-${name}"><strong>${escape(value)}</strong> <span>${escape(label)}</span></p>`;
}

function comparison({ comparison: known, finished }: EndData, t: Translate): string {
  if (!finished) return '';
  switch (known.state) {
    case 'comparing':
      return `<p class="end-comparison end-comparing" role="status">${escape(t('comparing'))}</p>`;
    case 'few':
      return `<p class="end-comparison">${escape(t('few_teams', { count: known.teams }))}</p>`;
    case 'known':
      return `
        <div class="end-comparison">
          <svg class="end-scale" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
            <rect class="end-scale-all" width="100" height="6"/>
            <rect class="end-scale-ours" width="${number(known.slowerPercent)}" height="6"/>
          </svg>
          <p>${escape(t('percentile', { percent: known.slowerPercent, count: known.teams }))}</p>
        </div>`;
  }
}

/** One bar per puzzle on a common axis, from the time the puzzle before was solved to its own. */
function timeline({ puzzles, durationMs }: EndData, t: Translate): string {
  const whole = Math.max(1, durationMs, ...puzzles.map(({ atMs }) => atMs));
  const rows = puzzles.map(({ name, atMs }, index) => {
    const from = puzzles[index - 1]?.atMs ?? 0;
    const took = Math.max(0, atMs - from);
    return `
      <li class="end-row">
        <span class="end-row-name">${escape(name)}</span>
        <svg class="end-row-bar" viewBox="0 0 1000 12" preserveAspectRatio="none" aria-hidden="true">
          <rect class="end-row-all" width="1000" height="12"/>
          <rect class="end-row-own" x="${number((1000 * from) / whole)}" width="${number(Math.max(6, (1000 * took) / whole))}" height="12"/>
        </svg>
        <span class="end-row-time">${escape(clockText(took))}</span>
      </li>`;
  });
  return `<h2>${escape(t('timeline'))}</h2><ol class="end-timeline">${rows.join('')}</ol>`;
}

/** 75_000 → `1:15`; with hours from one hour on: `1:02:03`. */
export function clockText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const two = (value: number) => String(value).padStart(2, '0');
  const hours = Math.floor(seconds / 3_600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

function number(value: number): string {
  return value.toFixed(1);
}

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
