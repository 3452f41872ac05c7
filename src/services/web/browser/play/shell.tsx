/** @jsxImportSource preact */
/** The frame around the game: bars, stage, drawers, and messages over the stage. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { endKey, type EndSummary } from '../../play/play-data.ts';
import { store } from '../lib/data.ts';
import { ChatDrawer } from './chat.tsx';
import { Cursors } from './cursors.tsx';
import { Finale } from './finale.tsx';
import { HintsDrawer } from './hints.tsx';
import { gameHost } from './host.ts';
import type { DrawerName, Model } from './model.ts';
import { NotesDrawer } from './notes.tsx';
import { SeatIcon, ModelProvider, Icon, useModel, usePlayer } from './parts.tsx';
import { PeopleDrawer } from './people.tsx';
import { StatusBanner, StopPanel } from './status.tsx';
import { SettingsDrawer } from './switches.tsx';
import { Tools, TopBar } from './topbar.tsx';

const DRAWERS = {
  people: PeopleDrawer,
  hints: HintsDrawer,
  notes: NotesDrawer,
  chat: ChatDrawer,
  settings: SettingsDrawer,
} satisfies { readonly [name in DrawerName]: () => unknown };

export function Shell({ model }: { readonly model: Model }) {
  const [, draw] = useState(0);
  useEffect(() => model.onChange(() => draw((count) => count + 1)), []);
  const { session } = model;
  const stop = session.status() === 'stopped' ? (session.stopCode() ?? 'other') : null;
  useAlerts(model);
  useSummary(model);
  const unread = useUnread(model);
  const Open = DRAWERS[model.drawer() ?? 'people'];
  const { reducedMotion } = model.switches();
  return (
    <ModelProvider value={model}>
      <div class={`shell${model.drawer() ? ' has-drawer' : ''}${reducedMotion ? ' is-still' : ''}`}>
        <TopBar />
        <Stage model={model} />
        <Tools unread={unread} />
        {model.drawer() && <Open />}
        {stop !== null && <StopPanel code={stop} />}
      </div>
    </ModelProvider>
  );
}

/** Mounts the game once, as soon as there is a state. */
function Stage({ model }: { readonly model: Model }) {
  const { session, client, t, data } = model;
  const root = useRef<HTMLDivElement>(null);
  const [mounted, setMounted] = useState<HTMLElement | null>(null);
  const ready = session.state() !== null;
  useEffect(() => {
    if (!ready || !root.current) return;
    const unmount = client.mount(gameHost(model, root.current));
    setMounted(root.current);
    return unmount;
  }, [ready]);
  return (
    <main class="stage" aria-label={data.title}>
      <div class="game" ref={root} />
      {!ready && (
        <div class="play-wait">
          <p class="play-wait-title">{data.title}</p>
          <output>{t(session.status() === 'replaying' ? 'replaying' : 'loading')}</output>
        </div>
      )}
      <Cursors root={mounted} />
      <Captions />
      <Toasts />
      <StatusBanner />
      {session.finishedAtMs() !== null && <Finale />}
    </main>
  );
}

function Captions() {
  const { messages, switches } = useModel();
  const caption = messages.caption();
  return switches().captions && caption !== '' ? <p class="caption">{caption}</p> : null;
}

function Toasts() {
  const { messages } = useModel();
  const player = usePlayer();
  return (
    <div class="toasts" aria-live="polite">
      {messages.toasts().map(({ id, kind, text, seat }) => (
        <p key={id} class={`toast toast-${kind}`}>
          {seat > 0 ? <SeatIcon colour={player(seat).colour} /> : kind === 'solved' && <Icon name="tick" />}
          {text}
        </p>
      ))}
    </div>
  );
}

/** Shows a toast for each puzzle solved from now on; puzzles solved before the replay ended are not announced. */
function useAlerts({ session, messages, t, gameText }: Model): void {
  const announced = useRef<number | null>(null);
  const solved = session.solved();
  useEffect(() => {
    if (session.state() === null) return;
    const before = announced.current;
    announced.current = solved.length;
    if (before === null) return;
    for (const { id, seat } of solved.slice(before)) {
      const puzzle = gameText(`puzzle.${id}`);
      const name = session.players().find((player) => player.seat === seat)?.name ?? t('player', { seat });
      const text =
        seat === session.seat() ? t('solved_by_you', { puzzle }) : t('solved_by', { name, puzzle });
      messages.showToast('solved', text, seat);
    }
  }, [solved.length, session.state() === null]);
}

/** The drawers whose content has changed since they were last open. */
function useUnread({ session, drawer }: Model): ReadonlySet<DrawerName> {
  const seen = useRef<{ chat: number; notes: string } | null>(null);
  const chat = session.chat().findLast(({ seat }) => seat !== session.seat())?.seq ?? 0;
  const notes = session
    .notes()
    .filter(({ seat }) => seat !== session.seat())
    .map(({ id, text }) => `${id}${text}`)
    .join();
  if (session.state() !== null) seen.current ??= { chat, notes };
  if (seen.current && drawer() === 'chat') seen.current.chat = chat;
  if (seen.current && drawer() === 'notes') seen.current.notes = notes;
  const unread = new Set<DrawerName>();
  if (seen.current && seen.current.chat !== chat) unread.add('chat');
  if (seen.current && seen.current.notes !== notes) unread.add('notes');
  return unread;
}

/** Stores the summary for the end page, which can show it before the server has computed the result. */
function useSummary({ session, data, gameText }: Model): void {
  const durationMs = session.durationMs();
  useEffect(() => {
    if (durationMs === null) return;
    const summary: EndSummary = {
      durationMs,
      hints: session.progress()?.hints ?? 0,
      players: Math.max(1, session.players().length),
      puzzles: session.solved().map(({ id, playMs }) => ({
        id,
        name: gameText(`puzzle.${id}`),
        atMs: playMs,
      })),
    };
    store(endKey(data.endPage), summary);
  }, [durationMs]);
}
