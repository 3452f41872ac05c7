/** The drawer: four faces, in the order in which the keepers of the clock followed each other. */
import { type Dice, lockHash, shuffled } from './dice.ts';
import { type Drawer, FACES, KEEPERS, withAt } from './state.ts';

export function makeDrawer(roll: Dice): Drawer {
  const salt = roll(0x10000);
  const faces = shuffled(roll, FACES).slice(0, KEEPERS);
  const order = shuffled(roll, KEEPERS);
  // Portraits that hang in the right order already would be no puzzle.
  if (order.every((place, index) => place === index)) order.reverse();
  const portraits = faces.map((face, place) => ({ face, after: order[order.indexOf(place) - 1] ?? -1 }));
  const solution = order.map((place) => faces[place] ?? 0);
  const lock = lockHash(salt, solution);
  const wheels = Array.from({ length: KEEPERS }, () => roll(FACES));
  if (lockHash(salt, wheels) === lock) wheels.reverse();
  return { portraits, wheels, salt, lock, open: false };
}

export function turnFace(drawer: Drawer, wheel: number, face: number): Drawer {
  if (drawer.open || drawer.wheels[wheel] === face) return drawer;
  const wheels = withAt(drawer.wheels, wheel, face);
  return { ...drawer, wheels, open: lockHash(drawer.salt, wheels) === drawer.lock };
}

/** The faces eldest first, read off the portraits as a player does. */
export function facesInOrder(drawer: Drawer): number[] {
  const faces: number[] = [];
  for (let place = drawer.portraits.findIndex(({ after }) => after === -1); place >= 0;) {
    faces.push(drawer.portraits[place]?.face ?? 0);
    const last = place;
    place = drawer.portraits.findIndex(({ after }) => after === last);
  }
  return faces;
}

/** The first wheel from the left that shows a wrong face; -1 = none. */
export function firstWrongWheel(drawer: Drawer): number {
  const faces = facesInOrder(drawer);
  return drawer.wheels.findIndex((face, wheel) => face !== faces[wheel]);
}
