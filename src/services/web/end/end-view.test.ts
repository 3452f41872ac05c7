import { expect, test } from 'bun:test';
import { clockText, type EndData, endView } from './end-view.ts';

const DATA: EndData = {
  finished: true,
  durationMs: 100_000,
  hints: 0,
  players: 1,
  puzzles: [
    { name: 'One', atMs: 25_000 },
    { name: 'Two', atMs: 100_000 },
  ],
  comparison: { state: 'comparing' },
};
const t = (key: string, values?: object) => (values ? `${key} ${JSON.stringify(values)}` : key);

test('a time is minutes and seconds, with hours from one hour on', () => {
  expect([0, 999, 75_000, 3_599_999, 3_723_000, -5].map(clockText)).toEqual([
    '0:00',
    '0:00',
    '1:15',
    '59:59',
    '1:02:03',
    '0:00',
  ]);
});

test("each puzzle's bar begins where the one before ended, on one axis for the whole game", () => {
  const bars = [...endView(DATA, t).matchAll(/end-row-own" x="([\d.]+)" width="([\d.]+)"/g)];
  expect(bars.map(([, x, width]) => [x, width])).toEqual([
    ['0.0', '250.0'],
    ['250.0', '750.0'],
  ]);
});

test('a puzzle solved at once still has a bar, and a game without puzzles has no list', () => {
  const quick = endView({ ...DATA, puzzles: [{ name: 'One', atMs: 0 }] }, t);
  expect(quick).toContain('width="6.0"');
  expect(endView({ ...DATA, puzzles: [] }, t)).not.toContain('end-timeline');
});

test('no text of players or translations becomes markup', () => {
  const html = endView({ ...DATA, puzzles: [{ name: '<img src=x onerror="alert(1)">&\'', atMs: 1 }] }, t);
  expect(html).toContain('&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&amp;&#39;');
  expect(html).not.toContain('<img');
});
