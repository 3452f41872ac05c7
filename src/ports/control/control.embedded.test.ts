import { expect, test } from 'bun:test';
import { controlContract } from './control.contract.ts';
import { EmbeddedControl } from './control.embedded.ts';

controlContract('embedded', async () => {
  const control = new EmbeddedControl();
  return {
    control,
    serve: async (slot, target) => {
      const unregister = control.register(slot, target);
      return async () => unregister();
    },
    close: async () => {},
  };
});

test('a slot has one target; a repeated removal does not remove the next one', async () => {
  const control = new EmbeddedControl();
  const target = { handle: () => 'delivered' as const, roomStatus: () => null };
  const unregister = control.register('h1', target);
  expect(() => control.register('h1', { ...target })).toThrow('taken');
  unregister();
  control.register('h1', { ...target });
  unregister();
  expect(await control.send('h1', { kind: 'seats', room: 'r' })).toBe('delivered');
});
