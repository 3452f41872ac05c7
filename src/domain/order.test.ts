/** The state of an order after any sequence of events. */
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import {
  canBecome,
  decide,
  type EventFacts,
  normaliseEmail,
  type OrderFacts,
  type OrderState,
} from './order.ts';

const order: OrderFacts = { state: 'pending', sessionId: 's1', currency: 'EUR', totalMinor: 490 };
const paid: EventFacts = { sessionId: 's1', state: 'paid', currency: 'EUR', totalMinor: 490 };

test('a paid order never changes its state', () => {
  const states: OrderState[] = ['pending', 'paid', 'declined', 'cancelled'];
  for (const state of states) expect(canBecome('paid', state)).toBe(false);
});

test('a payment of the exact amount and currency pays the order, also after a decline', () => {
  expect(decide(order, paid)).toEqual({ kind: 'pay' });
  expect(decide({ ...order, state: 'declined' }, paid)).toEqual({ kind: 'pay' });
  expect(decide({ ...order, state: 'cancelled', sessionId: 's2' }, paid)).toEqual({ kind: 'pay' });
});

test('another amount or currency does not pay the order', () => {
  expect(decide(order, { ...paid, totalMinor: 489 })).toEqual({ kind: 'mismatch' });
  expect(decide(order, { ...paid, currency: 'USD' })).toEqual({ kind: 'mismatch' });
});

test('a decline of an earlier attempt does not close the current one', () => {
  const declined = { ...paid, state: 'declined' } as const;
  expect(decide(order, declined)).toEqual({ kind: 'close', state: 'declined' });
  expect(decide({ ...order, sessionId: 's2' }, declined)).toEqual({ kind: 'nothing' });
  expect(decide({ ...order, state: 'paid' }, declined)).toEqual({ kind: 'nothing' });
});

test('a second paid attempt is reported as a double payment', () => {
  expect(decide({ ...order, state: 'paid' }, paid)).toEqual({ kind: 'nothing' });
  expect(decide({ ...order, state: 'paid' }, { ...paid, sessionId: 's2' })).toEqual({ kind: 'double' });
});

test('for all sequences of events an order is paid at most once and stays paid', () => {
  const event = fc.record({
    sessionId: fc.constantFrom('s1', 's2'),
    state: fc.constantFrom('open', 'paid', 'declined', 'cancelled'),
    currency: fc.constantFrom('EUR', 'USD'),
    totalMinor: fc.constantFrom(490, 1),
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 12 }), (events) => {
      let now: OrderFacts = order;
      let deliveries = 0;
      for (const one of events) {
        const decision = decide(now, one);
        if (decision.kind === 'pay') {
          deliveries += 1;
          now = { ...order, state: 'paid', sessionId: one.sessionId };
        }
        if (decision.kind === 'close') now = { ...order, state: decision.state };
        expect(deliveries).toBe(now.state === 'paid' ? 1 : 0);
      }
    }),
  );
});

test('addresses are compared in lower case and without surrounding spaces', () => {
  expect(normaliseEmail('  Ada@Example.ORG ')).toBe('ada@example.org');
});
