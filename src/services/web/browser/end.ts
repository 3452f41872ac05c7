/**
 * The end page's script: shows the summary that the play page stored until the result is there, polls for the
 * result with growing pauses, and offers to share the page.
 */
import { endKey, type EndSummary } from '../play/play-data.ts';
import { type EndData, endView } from '../end/end-view.ts';
import { pageData, stored } from './lib/data.ts';
import { after } from './lib/page.real.ts';
import { translator } from './lib/texts.ts';

interface EndPageData {
  /** `/e/<token>` */
  readonly page: string;
  readonly address: string;
  readonly title: string;
  /** The page contains the stored result already. */
  readonly result: boolean;
  /** The card, the picture to share, has been drawn. */
  readonly card: boolean;
  readonly locale: string;
  readonly texts: { readonly [key: string]: string };
}

type ResultResponse =
  | { readonly state: 'waiting' }
  | { readonly state: 'ready'; readonly data: EndData; readonly card: boolean };

const POLL_MS = 1_000;
const POLL_MS_MAX = 60_000;
/** About twelve hours with the pauses above; a reload starts again. */
const POLLS_MAX = 720;

const data = pageData('end-data') as EndPageData;
const t = translator(data.locale, data.texts);
const box = document.getElementById('end-result');

function showLocal(): void {
  const summary = readSummary(stored(endKey(data.page)));
  if (!summary || !box) return;
  box.innerHTML = endView({ ...summary, finished: true, comparison: { state: 'comparing' } }, t);
}

/** The summary that the play page stored; null for anything else. */
function readSummary(value: unknown): EndSummary | null {
  if (typeof value !== 'object' || value === null) return null;
  const { durationMs, hints, players, puzzles } = value as Partial<EndSummary>;
  const numbers = [durationMs, hints, players].every((one) => typeof one === 'number');
  if (!numbers || !Array.isArray(puzzles)) return null;
  return value as EndSummary;
}

async function fetchResult(): Promise<ResultResponse | null> {
  try {
    const response = await fetch(`/api/results/${data.page.slice('/e/'.length)}`);
    return response.ok ? ((await response.json()) as ResultResponse) : null;
  } catch {
    return null;
  }
}

let shown = '';
function pollResult(pauseMs: number, polls: number): void {
  after(pauseMs, () => {
    void fetchResult().then((response) => {
      if (response?.state === 'ready') {
        const view = endView(response.data, t);
        if (box && view !== shown) box.innerHTML = shown = view;
        if (response.card) return showCard();
      }
      if (polls < POLLS_MAX) pollResult(Math.min(POLL_MS_MAX, pauseMs * 1.5), polls + 1);
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

/** Shares the picture if the device can share files, otherwise the page's address. */
async function share(): Promise<void> {
  const texts = { title: data.title, text: t('share_words', { game: data.title }) };
  try {
    const picture = await (await fetch(`${data.page}/card.png`)).blob();
    const files = [new File([picture], 'escape.png', { type: 'image/png' })];
    await navigator.share(
      navigator.canShare?.({ files }) ? { ...texts, files } : { ...texts, url: data.address },
    );
  } catch {
    // The player closed the share dialog, which is not an error.
  }
}

bindShare();
if (!data.result) showLocal();
if (!data.result || !data.card) pollResult(POLL_MS, 0);
