/** @jsxImportSource preact */
/** Messages about the connection: a banner while it is interrupted, a panel when the session has stopped. */
import { useEffect, useState } from 'preact/hooks';
import { every } from '../lib/page.real.ts';
import type { Translate } from '../lib/texts.ts';
import { Icon, useModel } from './parts.tsx';

/** After this many failed attempts without any connection, a firewall or proxy probably blocks sockets. */
const BLOCKED_TRIES = 3;

export function StatusBanner() {
  const { session, t } = useModel();
  const status = session.status();
  const [, tick] = useState(0);
  const [failed, setFailed] = useState(0);
  useEffect(() => every(500, () => tick((count) => count + 1)), []);
  useEffect(() => {
    if (status === 'offline') setFailed((count) => count + 1);
  }, [status]);
  if (status === 'hold') {
    return (
      <div class="banner" role="alert">
        <strong>{t('hold_title')}</strong>
        <span>{t('hold_text')}</span>
      </div>
    );
  }
  const retry = session.retryInMs();
  if (status !== 'offline') return null;
  const unsent = session.unsent();
  const blocked = session.state() === null && failed >= BLOCKED_TRIES && navigator.onLine;
  return (
    <div class="banner" role="alert">
      <Icon name="cut" />
      <strong>{t(navigator.onLine ? 'offline_title' : 'offline_device')}</strong>
      <span aria-live="off">
        {retry !== null && t('offline_retry', { seconds: Math.ceil(retry / 1_000) })}{' '}
        {unsent > 0 && t('offline_kept', { count: unsent })}
      </span>
      {blocked && <span>{t('blocked_tip')}</span>}
      <button type="button" class="shell-button" onClick={() => session.retryNow()}>
        {t('offline_now')}
      </button>
    </div>
  );
}

/** The codes that have their own text. */
const CODES_WITH_TEXT = new Set([
  '4401',
  '4403',
  '4404',
  '4409',
  '4500',
  'no-seat',
  'room-unknown',
  'room-broken',
]);

export function StopPanel({ code }: { readonly code: string }) {
  const { t } = useModel();
  const key = CODES_WITH_TEXT.has(code) ? code.replaceAll('-', '_') : 'other';
  return <Panel t={t} title={t(`stop_${key}_title`)} text={t(`stop_${key}_text`)} code={code} reload />;
}

interface PanelProps {
  readonly t: Translate;
  readonly title: string;
  readonly text: string;
  readonly code: string;
  readonly reload?: boolean;
}

/** Shown instead of the game; also before there is a session, for an old browser or a script that failed. */
export function Panel({ t, title, text, code, reload }: PanelProps) {
  return (
    <div class="stop" role="alert">
      <h1>{title}</h1>
      <p>{text}</p>
      <p class="stop-buttons">
        {reload === true && (
          <button type="button" class="shell-button shell-button-main" onClick={() => location.reload()}>
            <Icon name="again" />
            {t('reload')}
          </button>
        )}
        <a class="shell-button" href="/">
          {t('home')}
        </a>
      </p>
      <p class="quiet">
        {t('code')} <code>{code}</code>
      </p>
    </div>
  );
}
