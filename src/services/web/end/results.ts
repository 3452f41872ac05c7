/** Loads the stored result of a finished room for its end page. */
import { z } from 'zod';
import { COMPARISON_TEAMS_MIN, percentile } from '../../../domain/result.ts';
import { finishedDurations, resultByRoom } from '../../../ports/main-db/queries/results.ts';
import type { RoomRow } from '../../../ports/main-db/schema.ts';
import type { WebDeps } from '../deps.ts';
import type { Comparison, EndData } from './end-view.ts';
import { releaseOfRoom } from '../play/played-release.ts';

/** The part of `RoomResult` that the page shows. */
const detailSchema = z.object({ puzzles: z.array(z.object({ id: z.string(), atMs: z.number() })) });

/** Returns null if the result has not been computed yet. */
export async function loadEndData(deps: WebDeps, room: RoomRow, locale: string): Promise<EndData | null> {
  const result = await resultByRoom(deps.db.read, room.id);
  if (!result) return null;
  const { puzzles } = detailSchema.parse(JSON.parse(result.detail));
  const names = await loadGameTexts(deps, room, locale);
  return {
    finished: result.finished === 1,
    durationMs: result.duration_ms,
    hints: result.hints,
    players: result.players,
    puzzles: puzzles.map(({ id, atMs }) => ({ name: names[`puzzle.${id}`] ?? id, atMs })),
    comparison: await loadComparison(deps, room, result.duration_ms),
  };
}

async function loadComparison(deps: WebDeps, room: RoomRow, durationMs: number): Promise<Comparison> {
  const others = await finishedDurations(deps.db.read, room.game, room.rules_hash, room.id);
  const slowerPercent = percentile(durationMs, others);
  return slowerPercent === null
    ? { state: 'few', teams: Math.min(others.length, COMPARISON_TEAMS_MIN) }
    : { state: 'known', teams: others.length, slowerPercent };
}

async function loadGameTexts(
  deps: WebDeps,
  room: RoomRow,
  locale: string,
): Promise<{ readonly [key: string]: string }> {
  const manifest = (await releaseOfRoom(deps.db.read, room))?.manifest;
  const path = manifest?.locales[locale] ?? Object.values(manifest?.locales ?? {})[0];
  const file = path === undefined ? null : await deps.files.get(path);
  if (!file) return {};
  return z.record(z.string(), z.string()).parse(JSON.parse(new TextDecoder().decode(file.bytes)));
}

export function cardPath(room: string): string {
  return `cards/${room}.png`;
}
