import { expect, test } from 'bun:test';
import { controlContract } from './control.contract.ts';
import { EmbeddedControl } from './control.embedded.ts';

controlContract('embedded', async () => {
  const control = new EmbeddedControl();
  return {
    control,
    serve: async (slot, target) => {
      const leave = control.register(slot, target);
      return async () => leave();
    },
    close: async () => {},
  };
});

test('a slot has one owner; leaving late does not take the next one away', async () => {
  const control = new EmbeddedControl();
  const target = { tell: () => 'told' as const, watch: () => null };
  const leave = control.register('h1', target);
  expect(() => control.register('h1', { ...target })).toThrow('taken');
  leave();
  control.register('h1', { ...target });
  leave();
  expect(await control.tell('h1', { kind: 'seats', room: 'r' })).toBe('told');
});
