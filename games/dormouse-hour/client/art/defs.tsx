/** @jsxImportSource preact */
/** Gradients for light and materials. They are defined once; every SVG of the page refers to them by id. */
import { memo } from './memo.ts';

type Stop = readonly [offset: number, colour: string, opacity?: number];

const DOWN = { x1: 0, y1: 0, x2: 0, y2: 1 };
const LINEAR: { readonly [id: string]: readonly Stop[] } = {
  wall: [
    [0, '#241f3a'],
    [0.45, '#3b2f45'],
    [1, '#2a2130'],
  ],
  stone: [
    [0, '#232a44'],
    [0.5, '#39415c'],
    [1, '#262a40'],
  ],
  roof: [
    [0, '#14101e'],
    [1, '#221a2a'],
  ],
  beam: [
    [0, '#6b4a36'],
    [0.25, '#523828'],
    [1, '#2c1d19'],
  ],
  floor: [
    [0, '#4a3430'],
    [1, '#1a1219'],
  ],
  wood: [
    [0, '#8a5e3c'],
    [0.5, '#6b452e'],
    [1, '#43291f'],
  ],
  woodDark: [
    [0, '#5d3f2e'],
    [1, '#2f1e1a'],
  ],
  woodLit: [
    [0, '#b98352'],
    [1, '#7a4e31'],
  ],
  brass: [
    [0, '#f7dc94'],
    [0.35, '#d3a24c'],
    [0.7, '#9a6a2c'],
    [1, '#6d461d'],
  ],
  plate: [
    [0, '#ffefc0'],
    [0.6, '#ecc67a'],
    [1, '#cf9d4f'],
  ],
  brassDark: [
    [0, '#b98a43'],
    [1, '#54361a'],
  ],
  steel: [
    [0, '#c3cbd8'],
    [0.5, '#7d879c'],
    [1, '#454d63'],
  ],
  iron: [
    [0, '#4a5068'],
    [0.5, '#2e3348'],
    [1, '#1b1e2e'],
  ],
  gold: [
    [0, '#ffe9ae'],
    [0.5, '#d9a94f'],
    [1, '#8d5f26'],
  ],
  sky: [
    [0, '#0b1434'],
    [0.5, '#27407c'],
    [0.85, '#6f86b8'],
    [1, '#aab4cf'],
  ],
  glassBlue: [
    [0, '#bcd0ff', 0.35],
    [0.5, '#bcd0ff', 0.06],
    [1, '#bcd0ff', 0.22],
  ],
  paper: [
    [0, '#fbf0d2'],
    [1, '#dcc798'],
  ],
  curtain: [
    [0, '#8c3440'],
    [1, '#4a1a2b'],
  ],
  quilt: [
    [0, '#5d7f7a'],
    [1, '#2f474f'],
  ],
  beamLight: [
    [0, '#c6d6ff', 0.3],
    [1, '#c6d6ff', 0],
  ],
  ray: [
    [0, '#dfe8ff', 0],
    [0.25, '#cfdcff', 0.3],
    [1, '#c6d6ff', 0],
  ],
  lampLight: [
    [0, '#ffd489', 0.34],
    [1, '#ffd489', 0],
  ],
  shade: [
    [0, '#06060f', 0],
    [1, '#06060f', 0.75],
  ],
  mist: [
    [0, '#9fb2dc', 0],
    [0.6, '#9fb2dc', 0.35],
    [1, '#9fb2dc', 0],
  ],
  rope: [
    [0, '#e0c48f'],
    [1, '#8d6c3f'],
  ],
};

const RADIAL: { readonly [id: string]: readonly Stop[] } = {
  moon: [
    [0, '#fffdf0'],
    [0.7, '#f8edc8'],
    [1, '#e2cf9c'],
  ],
  moonGlow: [
    [0, '#e9efff', 0.75],
    [0.3, '#b9c9f5', 0.28],
    [1, '#b9c9f5', 0],
  ],
  lamp: [
    [0, '#ffe2a0', 0.85],
    [0.2, '#ffbf62', 0.4],
    [1, '#ff9a3c', 0],
  ],
  ember: [
    [0, '#ff9c4a', 0.7],
    [1, '#ff6a2a', 0],
  ],
  cool: [
    [0, '#8ea9ee', 0.4],
    [1, '#8ea9ee', 0],
  ],
  dial: [
    [0, '#fff6d8'],
    [0.55, '#dfe3e6'],
    [1, '#9fb0d2'],
  ],
  bowl: [
    [0, '#34405f'],
    [1, '#161c33'],
  ],
  portrait: [
    [0, '#6d6a58'],
    [0.7, '#38372f'],
    [1, '#1d1c19'],
  ],
  boss: [
    [0, '#fff1c0'],
    [0.5, '#d5a650'],
    [1, '#7b5122'],
  ],
  vignette: [
    [0, '#05060f', 0],
    [0.7, '#05060f', 0],
    [1, '#05060f', 0.7],
  ],
  furWarm: [
    [0, '#d99e63'],
    [1, '#8c5730'],
  ],
  nut: [
    [0, '#e0a566'],
    [1, '#7f4a22'],
  ],
};

function Stops({ stops }: { stops: readonly Stop[] }) {
  return stops.map(([offset, colour, opacity = 1]) => (
    <stop key={offset} offset={offset} stop-color={colour} stop-opacity={opacity} />
  ));
}

export const Defs = memo(function Defs() {
  return (
    <svg class="dh-defs" width="0" height="0" aria-hidden="true">
      <defs>
        {Object.entries(LINEAR).map(([id, stops]) => (
          <linearGradient key={id} id={`dh-${id}`} {...DOWN}>
            <Stops stops={stops} />
          </linearGradient>
        ))}
        {Object.entries(RADIAL).map(([id, stops]) => (
          <radialGradient key={id} id={`dh-${id}`}>
            <Stops stops={stops} />
          </radialGradient>
        ))}
        <linearGradient id="dh-side" x1="0" y1="0" x2="1" y2="0">
          <Stops
            stops={[
              [0, '#05060f', 0.6],
              [0.25, '#05060f', 0],
              [0.75, '#05060f', 0],
              [1, '#05060f', 0.6],
            ]}
          />
        </linearGradient>
        <linearGradient id="dh-slant" x1="0.25" y1="0.2" x2="0.75" y2="0.8">
          <Stops
            stops={[
              [0, '#d4e0ff', 0.26],
              [0.5, '#c6d6ff', 0.13],
              [1, '#c6d6ff', 0],
            ]}
          />
        </linearGradient>
        <linearGradient id="dh-round" x1="0" y1="0" x2="1" y2="0">
          <Stops
            stops={[
              [0, '#fff', 0.25],
              [0.4, '#fff', 0],
              [0.7, '#000', 0.12],
              [1, '#000', 0.45],
            ]}
          />
        </linearGradient>
      </defs>
    </svg>
  );
});

/** The `fill` or `stroke` value for a gradient, by its name above. */
export const paint = (name: string): string => `url(#dh-${name})`;
