/** @jsxImportSource preact */
/** The bar over the stage (players, connection, play time) and the tool buttons. */
import { useEffect, useState } from 'preact/hooks';
import { clockText } from '../../end/end-view.ts';
import type { IconName } from '../../components/icon-paths.ts';
import { every } from '../lib/page.real.ts';
import type { DrawerName } from './model.ts';
import { SeatIcon, Icon, useModel } from './parts.tsx';

export function TopBar() {
  const { data, session, t } = useModel();
  return (
    <header class="bar">
      <p class="bar-title">{data.title}</p>
      <Roster />
      {session.observer() && (
        <p class="bar-watching">
          <Icon name="eye" />
          {t('watching_badge')}
        </p>
      )}
      <Connection />
      <Timer />
    </header>
  );
}

function Roster() {
  const { session, t, open, drawer } = useModel();
  const players = session.players();
  const observers = session.observers();
  return (
    <button
      type="button"
      class="roster"
      data-tool="people"
      aria-expanded={drawer() === 'people'}
      onClick={() => open(drawer() === 'people' ? null : 'people')}
    >
      <span class="visually-hidden">{t('people_open', { count: players.length })}</span>
      {players.map(({ seat, name, colour, online }) => (
        <span key={seat} class={`roster-one${online ? '' : ' is-away'}`} aria-hidden="true">
          <SeatIcon colour={colour} />
          <span class="roster-name">{name}</span>
        </span>
      ))}
      {observers > 0 && (
        <span class="roster-one" aria-hidden="true">
          <Icon name="eye" />
          {observers}
        </span>
      )}
    </button>
  );
}

/** Empty while the connection is live and at most three moves are unsent. */
function Connection() {
  const { session, t } = useModel();
  const status = session.status();
  const unsent = session.unsent();
  const text =
    status === 'live' ? (unsent > 3 ? t('sending', { count: unsent }) : '') : t(`status_${status}`);
  return (
    <output class={`connection connection-${status}`}>
      {text !== '' && (
        <>
          <span class="connection-light" />
          {text}
        </>
      )}
    </output>
  );
}

function Timer() {
  const { session, t } = useModel();
  const [, tick] = useState(0);
  useEffect(() => every(1_000, () => tick((count) => count + 1)), []);
  return (
    <p class="timer" role="timer" aria-label={t('timer')}>
      <Icon name="clock" />
      {clockText(session.playedMs())}
    </p>
  );
}

const TOOLS: readonly { readonly name: DrawerName; readonly icon: IconName }[] = [
  { name: 'hints', icon: 'bulb' },
  { name: 'notes', icon: 'note' },
  { name: 'chat', icon: 'speech' },
  { name: 'settings', icon: 'sliders' },
];

/** Buttons of the drawers in `unread` get a badge. */
export function Tools({ unread }: { readonly unread: ReadonlySet<DrawerName> }) {
  const { t, drawer, open } = useModel();
  return (
    <nav class="tools" aria-label={t('tools')}>
      {TOOLS.map(({ name, icon }) => (
        <button
          key={name}
          type="button"
          class="tool"
          data-tool={name}
          aria-expanded={drawer() === name}
          onClick={() => open(drawer() === name ? null : name)}
        >
          <Icon name={icon} />
          <span class="tool-name">{t(`tool_${name}`)}</span>
          {unread.has(name) && (
            <span class="tool-new">
              <span class="visually-hidden">{t('unread')}</span>
            </span>
          )}
        </button>
      ))}
    </nav>
  );
}
