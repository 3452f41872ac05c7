/**
 * What the shell of the play page works with: the session, the game, and the little state that is
 * the page's own (which drawer is open, the switches, toasts and captions).
 */
import type { GameClient } from '@escapement/sdk';
import type { Session } from '@escapement/sdk/session-api';
import type { PlayData } from '../../play-data.ts';
import { oncePerFrame } from '../lib/page.real.ts';
import type { Translate } from '../lib/texts.ts';
import { createMessages, type Messages } from './messages.ts';
import { keepSwitches, loadSwitches, type Switches } from './settings.ts';
import { type Cursor, packSignal } from './signal.ts';

export type DrawerName = 'people' | 'hints' | 'notes' | 'chat' | 'settings';
/** The shell knows nothing of a game's state and moves. */
export type AnySession = Session<unknown, unknown>;
export type AnyClient = GameClient<unknown, unknown>;

export interface ModelParts {
  readonly data: PlayData;
  readonly client: AnyClient;
  readonly session: AnySession;
  /** The shell's words, and the game's. */
  readonly t: Translate;
  readonly gameText: Translate;
}

export interface Model extends ModelParts {
  readonly messages: Messages;
  switches(): Switches;
  setSwitches(change: Partial<Switches>): void;
  drawer(): DrawerName | null;
  open(drawer: DrawerName | null): void;
  setCursor(cursor: Cursor | null): void;
  setGameSignal(value: unknown): void;
  /** At most once per frame, after anything of the session or of the shell changed. */
  onChange(listener: () => void): () => void;
}

export function createModel(parts: ModelParts): Model {
  const { session } = parts;
  const listeners = new Set<() => void>();
  const changed = oncePerFrame(() => {
    for (const listener of listeners) listener();
  });
  let switches = loadSwitches();
  let drawer: DrawerName | null = null;
  let cursor: Cursor | null = null;
  let gameSignal: unknown = null;
  const sendSignal = () => session.signal(packSignal(cursor, gameSignal));
  session.onChange(changed);
  return {
    ...parts,
    messages: createMessages(changed),
    switches: () => switches,
    setSwitches(change) {
      switches = { ...switches, ...change };
      keepSwitches(switches);
      changed();
    },
    drawer: () => drawer,
    open(name) {
      drawer = name;
      changed();
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
