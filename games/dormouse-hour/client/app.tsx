/** @jsxImportSource preact */
/** The root view: current place, close-up and selected item; plays sounds, captions and announcements. */
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
import { type Game, GameContext, shownState } from './game.ts';
import { Chamber } from './scenes/chamber.tsx';
import { Ending } from './scenes/ending.tsx';
import { Intro } from './scenes/intro.tsx';
import { Loft } from './scenes/loft.tsx';
import { encodeSignal } from './signal.ts';
import { makeSounds } from './sounds.ts';
import { useDrag } from './ui/drag.ts';
import { Dock } from './ui/dock.tsx';
import { itemMove, type Target } from './use-item.ts';
import type { Closeup, Drag, Host, Place } from './view-model.ts';

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
  const game = useGameModel(host);
  const [introSeen, setIntroSeen] = useState(
    () => game.state.swinging || game.state.seats.includes(host.seat),
  );
  const [endedBeforeLoad] = useState(game.state.swinging);
  const motionClass = host.settings().reducedMotion ? ' dh-calm' : '';
  const CloseupView = game.closeup && CLOSEUP_VIEWS[game.closeup];
  return (
    <GameContext.Provider value={game}>
      <div class={`dh${motionClass}`}>
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
        {!introSeen && <Intro onDone={() => setIntroSeen(true)} />}
        {game.state.swinging && <Ending lastPictureOnly={endedBeforeLoad} />}
      </div>
    </GameContext.Provider>
  );
}

function useGameModel(host: Host): Game {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  useEffect(() => host.onChange(() => redraw(undefined)), [host]);
  const sounds = useMemo(() => makeSounds(host), [host]);
  useEffect(() => {
    // Browsers allow audio only after the user has pressed something on the page.
    const presses = ['pointerdown', 'keydown'] as const;
    for (const press of presses) host.root.addEventListener(press, sounds.unlock);
    return () => {
      for (const press of presses) host.root.removeEventListener(press, sounds.unlock);
      sounds.close();
    };
  }, [sounds]);
  sounds.updateVolumes();

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
    const move = itemMove(item, target as Target);
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
    if (!next) restoreFocus(opener.current);
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
    select: hold,
    startDrag,
    selected: held && state.bag.includes(held) ? held : null,
    pending: host.pending(),
    t: (key, values) => host.t(key, values),
    signal: (pointing) => host.observer || host.signal(encodeSignal(pointing)),
  };
}

/** Gives the focus back to the pressed element, one frame later: until then the scene is inert. */
function restoreFocus(element: Element | null): void {
  requestAnimationFrame(() => {
    if (element instanceof SVGElement || element instanceof HTMLElement) element.focus();
  });
}

/** Plays, captions and announces what changed since the last render, except while connecting or replaying. */
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
      if (!cue.announce || (cue.othersOnly && state.by === host.seat)) continue;
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
