/**
 * The end page's script: shows what this browser knows until the stored result is there, asks for
 * it with growing pauses, and offers to share.
 */
import { endKey, type EndSummary } from '../play-data.ts';
import { type EndData, endView } from '../end-view.ts';
import { pageData, stored } from './lib/data.ts';
import { after } from './lib/page.real.ts';
import { translator } from './lib/texts.ts';

interface EndPageData {
  /** `/e/<token>` */
  readonly page: string;
  readonly address: string;
  readonly title: string;
  /** The server has shown the result already; the picture. */
  readonly result: boolean;
  readonly card: boolean;
  readonly locale: string;
  readonly texts: { readonly [key: string]: string };
}

type Answer =
  | { readonly state: 'waiting' }
  | { readonly state: 'ready'; readonly data: EndData; readonly card: boolean };

const ASK_MS = 1_000;
const ASK_MS_MAX = 60_000;
/** With the pauses above, some twelve hours; a reload asks anew. */
const ASKS_MAX = 720;

const data = pageData('end-data') as EndPageData;
const t = translator(data.locale, data.texts);
const box = document.getElementById('end-result');

function showLocal(): void {
  const summary = readSummary(stored(endKey(data.page)));
  if (!summary || !box) return;
  box.innerHTML = endView({ ...summary, finished: true, comparison: { state: 'comparing' } }, t);
}

/** What the play page left here; anything else is ignored. */
function readSummary(value: unknown): EndSummary | null {
  if (typeof value !== 'object' || value === null) return null;
  const { durationMs, hints, players, puzzles } = value as Partial<EndSummary>;
  const numbers = [durationMs, hints, players].every((one) => typeof one === 'number');
  if (!numbers || !Array.isArray(puzzles)) return null;
  return value as EndSummary;
}

async function ask(): Promise<Answer | null> {
  try {
    const response = await fetch(`/api/results/${data.page.slice('/e/'.length)}`);
    return response.ok ? ((await response.json()) as Answer) : null;
  } catch {
    return null;
  }
}

let shown = '';
function waitForResult(pause: number, asks: number): void {
  after(pause, () => {
    void ask().then((answer) => {
      if (answer?.state === 'ready') {
        const view = endView(answer.data, t);
        if (box && view !== shown) box.innerHTML = shown = view;
        if (answer.card) return showCard();
      }
      if (asks < ASKS_MAX) waitForResult(Math.min(ASK_MS_MAX, pause * 1.5), asks + 1);
    });
  });
}

function showCard(): void {
  const section = document.getElementById('end-share');
  const picture = document.getElementById('end-card');
  if (picture instanceof HTMLImageElement && !picture.getAttribute('src'))
    picture.src = `${data.page}/card.png`;
  if (section) section.hidden = false;
}

function bindShare(): void {
  const button = document.getElementById('end-share-button');
  const label = button?.lastChild;
  if (!button || !label) return;
  if (typeof navigator.share === 'function') {
    button.addEventListener('click', () => void share());
  } else if ('clipboard' in navigator) {
    label.textContent = t('copy');
    button.addEventListener('click', () => {
      void navigator.clipboard.writeText(data.address).then(() => {
        label.textContent = t('copied');
      });
    });
  } else return;
  button.hidden = false;
}

/** The picture where the device can share files, else the page's link. */
async function share(): Promise<void> {
  const words = { title: data.title, text: t('share_words', { game: data.title }) };
  try {
    const picture = await (await fetch(`${data.page}/card.png`)).blob();
    const files = [new File([picture], 'escape.png', { type: 'image/png' })];
    await navigator.share(
      navigator.canShare?.({ files }) ? { ...words, files } : { ...words, url: data.address },
    );
  } catch {
    // The player closed the sheet: nothing was wrong.
  }
}

bindShare();
if (!data.result) showLocal();
if (!data.result || !data.card) waitForResult(ASK_MS, 0);
