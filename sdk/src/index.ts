/** The exports for games: types, and the two functions that apply them. */
export { defineGame } from './rules.ts';
export type { GameRules, MoveContext, Progress, PuzzleState, Setup } from './rules.ts';
export { defineClient } from './client-api.ts';
export type { GameClient, GameHost, PlayerInfo, PlayStatus, Settings } from './client-api.ts';
