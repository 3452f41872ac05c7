/**
 * The shell's model: the session, the game, and the page's own state (the open drawer, the settings, toasts and
 * captions).
 */
import type { GameClient } from '@escapement/sdk';
import type { Session } from '@escapement/sdk/session-api';
import type { PlayData } from '../../play/play-data.ts';
import { oncePerFrame } from '../lib/page.real.ts';
import type { Translate } from '../lib/texts.ts';
import { createMessages, type Messages } from './messages.ts';
import { keepSwitches, loadSwitches, type Switches } from './settings.ts';
import { type Cursor, packSignal } from './signal.ts';

export type DrawerName = 'people' | 'hints' | 'notes' | 'chat' | 'settings';
/** The shell does not depend on a game's state and moves. */
export type AnySession = Session<unknown, unknown>;
export type AnyClient = GameClient<unknown, unknown>;

export interface ModelDeps {
  readonly data: PlayData;
  readonly client: AnyClient;
  readonly session: AnySession;
  /** Translations of the shell, and of the game. */
  readonly t: Translate;
  readonly gameText: Translate;
}

export interface Model extends ModelDeps {
  readonly messages: Messages;
  switches(): Switches;
  setSwitches(change: Partial<Switches>): void;
  drawer(): DrawerName | null;
  open(drawer: DrawerName | null): void;
  setCursor(cursor: Cursor | null): void;
  setGameSignal(value: unknown): void;
  /** Called at most once per frame, after a change of the session or of the shell. */
  onChange(listener: () => void): () => void;
}

export function createModel(deps: ModelDeps): Model {
  const { session } = deps;
  const listeners = new Set<() => void>();
  const notify = oncePerFrame(() => {
    for (const listener of listeners) listener();
  });
  let switches = loadSwitches();
  let drawer: DrawerName | null = null;
  let cursor: Cursor | null = null;
  let gameSignal: unknown = null;
  const sendSignal = () => session.signal(packSignal(cursor, gameSignal));
  session.onChange(notify);
  return {
    ...deps,
    messages: createMessages(notify),
    switches: () => switches,
    setSwitches(change) {
      switches = { ...switches, ...change };
      keepSwitches(switches);
      notify();
    },
    drawer: () => drawer,
    open(name) {
      drawer = name;
      notify();
    },
    setCursor(next) {
      cursor = next;
      sendSignal();
    },
    setGameSignal(value) {
      gameSignal = value;
      sendSignal();
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
