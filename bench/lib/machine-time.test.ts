/** Steal and other work during a measurement are computed from /proc/stat as proc_stat(5) defines it. */
import { expect, test } from 'bun:test';
import { disturbance, parseMachineTime } from './machine-time.ts';

const BEFORE = `cpu  0 0 0 0 0 0 0 0 0 0
cpu0 100 10 50 800 20 5 15 0 0 0
cpu1 200 0 100 700 0 0 0 0 0 0
intr 12345 1 2
`;
const AFTER = `cpu  0 0 0 0 0 0 0 0 0 0
cpu0 130 10 70 830 25 6 19 10 5 0
cpu1 250 0 140 700 0 0 0 10 0 0
`;

test('busy is user, nice, system and interrupts; idle, waiting and stolen time is not', () => {
  expect(parseMachineTime(BEFORE)).toEqual([
    { busy: 180, steal: 0, total: 1_000 },
    { busy: 300, steal: 0, total: 1_000 },
  ]);
});

test('steal is a share of all cores, other work a share of the core of the server', () => {
  // cpu0: 55 of 100 ticks busy; 20 of 200 stolen.
  const found = disturbance(parseMachineTime(BEFORE), parseMachineTime(AFTER), 0.4);
  expect(found.steal).toBeCloseTo(0.1, 9);
  expect(found.others).toBeCloseTo(0.15, 9);
});

test('if the server used more than the ticks show, other work is 0', () => {
  expect(disturbance(parseMachineTime(BEFORE), parseMachineTime(AFTER), 0.6).others).toBe(0);
});
