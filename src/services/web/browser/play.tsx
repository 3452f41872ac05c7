/** @jsxImportSource preact */
/**
 * The play page's script: loads the release's game, opens the session, and renders the shell around the game. Any
 * error on the way is shown as a panel that says what to do.
 */
import { render } from 'preact';
import { browserEnvironment, missingFeatures } from '@escapement/sdk/browser';
import { openSession } from '@escapement/sdk/session';
import type { JoinAnswer } from '@escapement/sdk/session-api';
import type { PageReport, PlayData } from '../play/play-data.ts';
import { pageData } from './lib/data.ts';
import { after, pageMs } from './lib/page.real.ts';
import { translator } from './lib/texts.ts';
import { type AnyClient, createModel } from './play/model.ts';
import { createReporter } from './play/reporter.ts';
import { Shell } from './play/shell.tsx';
import { Panel } from './play/status.tsx';

/** How old the page may be for its ticket to be used: tickets are valid for one minute. */
const FIRST_TICKET_MS = 40_000;

const data = pageData('play-data') as PlayData;
const t = translator(data.locale, data.texts);
const root = document.getElementById('play') ?? document.body;

const reporter = createReporter({
  after,
  async send(reports: readonly PageReport[]) {
    try {
      const body = JSON.stringify({ room: data.room, release: data.release, reports });
      const response = await fetch('/api/reports', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body,
        keepalive: true,
      });
      // Not sent again after other errors than 429 and 5xx: the reports themselves were refused.
      return response.ok || (response.status >= 400 && response.status < 500 && response.status !== 429);
    } catch {
      return false;
    }
  },
});
window.addEventListener('error', ({ message, filename, lineno, error }) => {
  const where = error instanceof Error ? (error.stack ?? '') : `${filename}:${lineno}`;
  reporter.report('error', `${message} ${where}`);
});
window.addEventListener('unhandledrejection', ({ reason }) => {
  reporter.report('rejection', reason instanceof Error ? (reason.stack ?? reason.message) : String(reason));
});
window.addEventListener('pagehide', () => reporter.flush());

let firstJoin: JoinAnswer | null = data.join;
// oxlint-disable-next-line unicorn/no-thenable -- a field of the answer, not a promise
const BUSY = { ok: false, code: 'busy', next: 'retry', then: 'retry' } as const;

async function join(): Promise<JoinAnswer> {
  const first = pageMs() < FIRST_TICKET_MS ? firstJoin : null;
  firstJoin = null;
  if (first) return absolute(first);
  const response = await fetch(`/api/rooms/${data.room}/join`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: '{}',
  });
  // The server sends JSON with these too, but a proxy in between may not.
  if (response.status === 429 || response.status >= 500) return BUSY;
  return absolute((await response.json()) as JoinAnswer);
}

/** Not every browser accepts a path as a socket's address. */
function absolute(answer: JoinAnswer): JoinAnswer {
  if (!answer.ok) return answer;
  return { ...answer, socket: new URL(answer.socket, location.href.replace(/^http/, 'ws')).href };
}

async function start(): Promise<void> {
  const [loaded, gameTexts] = await Promise.all([
    import(data.client) as Promise<{ readonly default: AnyClient }>,
    fetch(data.gameTexts).then((response) => response.json() as Promise<{ [key: string]: string }>),
  ]);
  const client = loaded.default;
  if (client.api !== 1) throw new Error(`the game asks for API level ${String(client.api)}`);
  const session = openSession({
    room: data.room,
    rules: client.rules,
    environment: browserEnvironment(data.room, reporter.report),
    join,
    report: reporter.report,
  });
  // For authors in the browser's console, and for tests.
  Object.assign(window, { escapement: session });
  const model = createModel({ data, client, session, t, gameText: translator(data.locale, gameTexts) });
  root.replaceChildren();
  render(<Shell model={model} />, root);
}

function showFault(code: string, detail: string): void {
  reporter.report(code, detail);
  root.replaceChildren();
  render(<Panel t={t} title={t(`${code}_title`)} text={t(`${code}_text`)} code={code} reload />, root);
}

const missing = missingFeatures();
if (missing.length > 0) showFault('old_browser', missing.join());
else {
  start().catch((error: unknown) => {
    showFault('not_loaded', error instanceof Error ? (error.stack ?? error.message) : String(error));
  });
}
