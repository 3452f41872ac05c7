/** The drawer: its lock opens on the four faces in the order in which the keepers followed each other. */
import { type NextInt, shuffled } from './random.ts';
import { type Drawer, FACES, KEEPERS, withAt } from './state.ts';

/** 32-bit FNV-1a of the faces: the state holds this hash instead of the solution. */
function lockHash(salt: number, faces: readonly number[]): number {
  let hash = (0x811c9dc5 ^ salt) >>> 0;
  for (const face of faces) hash = Math.imul(hash ^ (face + 1), 0x01000193) >>> 0;
  return hash;
}

export function makeDrawer(nextInt: NextInt): Drawer {
  const salt = nextInt(0x10000);
  const faces = shuffled(nextInt, FACES).slice(0, KEEPERS);
  const order = shuffled(nextInt, KEEPERS);
  // With the portraits already hung in order there would be no puzzle.
  if (order.every((place, index) => place === index)) order.reverse();
  const portraits = faces.map((face, place) => ({ face, after: order[order.indexOf(place) - 1] ?? -1 }));
  const solution = order.map((place) => faces[place] ?? 0);
  const lock = lockHash(salt, solution);
  const wheels = Array.from({ length: KEEPERS }, () => nextInt(FACES));
  if (lockHash(salt, wheels) === lock) wheels.reverse();
  return { portraits, wheels, salt, lock, open: false };
}

export function turnFace(drawer: Drawer, wheel: number, face: number): Drawer {
  if (drawer.open || drawer.wheels[wheel] === face) return drawer;
  const wheels = withAt(drawer.wheels, wheel, face);
  return { ...drawer, wheels, open: lockHash(drawer.salt, wheels) === drawer.lock };
}

/** The faces in the right order, first keeper first: read from the portraits, as a player does. */
export function facesInOrder(drawer: Drawer): number[] {
  const faces: number[] = [];
  for (let place = drawer.portraits.findIndex(({ after }) => after === -1); place >= 0;) {
    faces.push(drawer.portraits[place]?.face ?? 0);
    const previous = place;
    place = drawer.portraits.findIndex(({ after }) => after === previous);
  }
  return faces;
}

/** Index of the leftmost wheel that shows a wrong face; -1 = none. */
export function firstWrongWheel(drawer: Drawer): number {
  const faces = facesInOrder(drawer);
  return drawer.wheels.findIndex((face, wheel) => face !== faces[wheel]);
}
