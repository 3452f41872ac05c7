/** The shapes that go with the seats' colours: SVG paths for a 24 × 24 view box. Used by server and browser. */
import type { SeatShape } from '../../../domain/seat.ts';

export const SEAT_SHAPES: { readonly [shape in SeatShape]: string } = {
  circle: 'M12 2a10 10 0 1 0 0 20 10 10 0 1 0 0-20Z',
  square: 'M3.5 3.5h17v17h-17Z',
  triangle: 'M12 2 23 21.5H1Z',
  diamond: 'M12 1 23 12 12 23 1 12Z',
  star: 'M12 1l3.2 7.3 7.8.7-5.9 5.2 1.8 7.8L12 17.9 5.1 22l1.8-7.8L1 9l7.8-.7Z',
  hexagon: 'M6.8 3h10.4l5.3 9-5.3 9H6.8l-5.3-9Z',
  cross: 'M8.5 2h7v6.5H22v7h-6.5V22h-7v-6.5H2v-7h6.5Z',
  drop: 'M12 1c3.9 5.6 7.5 9.3 7.5 14a7.5 7.5 0 0 1-15 0C4.5 10.3 8.1 6.6 12 1Z',
};
