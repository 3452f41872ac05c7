/** @jsxImportSource preact */
/** The game's client: the module that the play page loads. */
import { defineClient } from '@escapement/sdk';
import { render } from 'preact';
import rules from '../rules.ts';
import type { Move, State } from '../rules/state.ts';
import { App } from './app.tsx';
import './styles.css';

export default defineClient<State, Move>({
  api: 1,
  rules,
  mount(host) {
    render(<App host={host} />, host.root);
    return () => render(null, host.root);
  },
});
