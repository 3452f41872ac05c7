/** @jsxImportSource preact */
/** The whole of the views: which room, which close-up, what is held; sound and mates' signals. */
import { useCallback, useEffect, useMemo, useReducer, useRef, useState } from 'preact/hooks';
import type { Item, Move, State } from '../rules/state.ts';
import { Defs } from './art/defs.tsx';
import { ItemArt } from './art/items.tsx';
import { Bird } from './closeups/bird.tsx';
import { Drawer } from './closeups/drawer.tsx';
import { Note } from './closeups/note.tsx';
import { Portraits } from './closeups/portraits.tsx';
import { Posts } from './closeups/posts.tsx';
import { Run } from './closeups/run.tsx';
import { Train } from './closeups/train.tsx';
import { type Cue, cues } from './cues.ts';
import {
  type Closeup,
  type Drag,
  type Game,
  GameContext,
  type Host,
  type Place,
  shownState,
} from './game.ts';
import { Chamber } from './scenes/chamber.tsx';
import { Ending } from './scenes/ending.tsx';
import { Intro } from './scenes/intro.tsx';
import { Loft } from './scenes/loft.tsx';
import { packPointing } from './signal.ts';
import { makeSounds } from './sounds.ts';
import { useDrag } from './ui/drag.ts';
import { Dock } from './ui/dock.tsx';
import { type Target, targetMove } from './use-item.ts';

const CLOSEUP_VIEWS = {
  note: Note,
  portraits: Portraits,
  drawer: Drawer,
  bird: Bird,
  train: Train,
  posts: Posts,
  run: Run,
} as const;

export function App({ host }: { host: Host }) {
  const game = useTheGame(host);
  const [introSeen, setIntroSeen] = useState(
    () => game.state.swinging || game.state.seats.includes(host.seat),
  );
  const [overBefore] = useState(game.state.swinging);
  const calm = host.settings().reducedMotion ? ' dh-calm' : '';
  const CloseupView = game.closeup && CLOSEUP_VIEWS[game.closeup];
  return (
    <GameContext.Provider value={game}>
      <div class={`dh${calm}`}>
        <Defs />
        <div
          class="dh-main"
          inert={!introSeen || game.state.swinging}
          hidden={!introSeen || game.state.swinging}
        >
          <div class="dh-stage">
            <div class="dh-scene" inert={game.closeup !== null}>
              {game.place === 'loft' ? <Loft /> : <Chamber />}
            </div>
            {CloseupView && <CloseupView />}
          </div>
          <Dock />
        </div>
        {game.drag && <Ghost drag={game.drag} />}
        {!introSeen && <Intro done={() => setIntroSeen(true)} />}
        {game.state.swinging && <Ending again={overBefore} />}
      </div>
    </GameContext.Provider>
  );
}

function useTheGame(host: Host): Game {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  useEffect(() => host.onChange(() => redraw(undefined)), [host]);
  const sounds = useMemo(() => makeSounds(host), [host]);
  useEffect(() => {
    // Browsers give sound only to pages that were touched.
    const touches = ['pointerdown', 'keydown'] as const;
    for (const touch of touches) host.root.addEventListener(touch, sounds.wake);
    return () => {
      for (const touch of touches) host.root.removeEventListener(touch, sounds.wake);
      sounds.close();
    };
  }, [sounds]);
  sounds.settle();

  const state = shownState(host);
  const [place, setPlace] = useState<Place>('loft');
  const [closeup, setCloseup] = useState<Closeup | null>(null);
  const [held, hold] = useState<Item | null>(null);
  const opener = useRef<Element | null>(null);
  useCues(host, state, (cue) => {
    if (cue.sound) sounds.play(...cue.sound);
  });

  const send = useCallback((move: Move) => !host.observer && host.send(move), [host]);
  const use = (item: Item, target: string): boolean => {
    const move = targetMove(item, target as Target);
    hold(null);
    if (move) send(move);
    else if (target !== 'bag') {
      sounds.play('knock');
      host.announce(host.t('said.noUse'));
    }
    return move !== null;
  };
  const { drag, startDrag } = useDrag(use);
  const open = (next: Closeup | null): void => {
    if (next) opener.current = document.activeElement;
    sounds.play(next === 'note' ? 'page' : 'knock', { gain: 0.4 });
    setCloseup(next);
    if (!next) refocus(opener.current);
  };
  const go = (next: Place): void => {
    sounds.play('creak', { gain: 0.5 });
    setCloseup(null);
    setPlace(next);
  };
  return {
    host,
    state,
    sounds,
    place,
    closeup,
    drag,
    send,
    use,
    open,
    go,
    hold,
    startDrag,
    held: held && state.bag.includes(held) ? held : null,
    pending: host.pending(),
    t: (key, values) => host.t(key, values),
    signal: (pointing) => host.observer || host.signal(packPointing(pointing)),
  };
}

/** The thing pressed gets the focus back; SVG parts are found again once they are no longer inert. */
function refocus(element: Element | null): void {
  requestAnimationFrame(() => {
    if (element instanceof SVGElement || element instanceof HTMLElement) element.focus();
  });
}

/** Plays, captions and says what changed; nothing while the page still catches up. */
function useCues(host: Host, state: State, play: (cue: Cue) => void): void {
  const before = useRef<State | null>(null);
  useEffect(() => {
    const old = before.current;
    before.current = state;
    const status = host.status();
    if (!old || status === 'connecting' || status === 'replaying') return;
    const by = host.players().find(({ seat }) => seat === state.by)?.name ?? '';
    for (const cue of cues(old, state)) {
      play(cue);
      if (cue.caption) host.caption(host.t(cue.caption, cue.values));
      if (!cue.announce || (cue.toMates && state.by === host.seat)) continue;
      const items = (cue.items ?? []).map((item) => host.t(`item.${item}`)).join(', ');
      host.announce(host.t(cue.announce, { by, items }));
    }
  });
}

function Ghost({ drag }: { drag: Drag }) {
  return (
    <svg class="dh-ghost" viewBox="-52 -52 104 104" style={{ left: `${drag.x}px`, top: `${drag.y}px` }}>
      <ItemArt item={drag.item} />
    </svg>
  );
}
