/** Money: amounts add up exactly. */
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { allocate, exponentOf, formatMoney, formatRate, splitGross, totalOf } from './money.ts';

const gross = fc.integer({ min: 0, max: 100_000_000 });
const rate = fc.integer({ min: 0, max: 3_000 });

test('net and tax add up to the price, and the tax is exact to half a minor unit', () => {
  fc.assert(
    fc.property(gross, rate, (minor, parts) => {
      const { netMinor, taxMinor } = splitGross(minor, parts);
      expect(netMinor + taxMinor).toBe(minor);
      expect(taxMinor).toBeGreaterThanOrEqual(0);
      expect(Math.abs(taxMinor - (minor * parts) / (10_000 + parts))).toBeLessThanOrEqual(0.5);
    }),
  );
});

test('EUR 4.90 at 19 % is 4.12 and 0.78', () => {
  expect(splitGross(490, 1900)).toEqual({ netMinor: 412, taxMinor: 78 });
});

test('the parts of an amount add up to it, and each is less than one unit from its exact share', () => {
  const weights = fc
    .array(fc.integer({ min: 0, max: 10_000 }), { minLength: 1, maxLength: 12 })
    .filter((given) => given.some((weight) => weight > 0));
  fc.assert(
    fc.property(gross, weights, (minor, given) => {
      const parts = allocate(minor, given);
      const sum = given.reduce((total, weight) => total + weight, 0);
      expect(parts.reduce((total, part) => total + part, 0)).toBe(minor);
      for (const [index, part] of parts.entries()) {
        expect(Math.abs(part - (minor * (given[index] ?? 0)) / sum)).toBeLessThan(1);
      }
    }),
  );
});

test('the largest remainder gets the unit; of equal ones the earlier part', () => {
  expect(allocate(10, [1, 2])).toEqual([3, 7]);
  expect(allocate(100, [1, 1, 1])).toEqual([34, 33, 33]);
  expect(allocate(0, [1, 2])).toEqual([0, 0]);
  expect(() => allocate(100, [0, 0])).toThrow('not all zero');
});

test('totals are sums of lines', () => {
  const line = fc.record({ net_minor: gross, tax_minor: gross, gross_minor: gross });
  fc.assert(
    fc.property(fc.array(line, { maxLength: 20 }), (lines) => {
      const total = totalOf(lines);
      for (const column of ['net_minor', 'tax_minor', 'gross_minor'] as const) {
        expect(total[column]).toBe(lines.reduce((sum, one) => sum + one[column], 0));
      }
    }),
  );
});

test('amounts are formatted with the decimals of their currency', () => {
  expect(formatMoney({ minor: 490, currency: 'EUR' }, 'en')).toBe('€4.90');
  expect(formatMoney({ minor: 490, currency: 'EUR' }, 'de')).toBe('4,90\u00a0€');
  expect(formatMoney({ minor: 600, currency: 'JPY' }, 'en')).toBe('¥600');
  expect(formatMoney({ minor: 5, currency: 'EUR' }, 'en')).toBe('€0.05');
  expect(formatMoney({ minor: -5, currency: 'EUR' }, 'en')).toBe('-€0.05');
  expect(formatMoney({ minor: 1234, currency: 'KWD' }, 'en')).toContain('1.234');
  expect([exponentOf('EUR'), exponentOf('JPY'), exponentOf('KWD')]).toEqual([2, 0, 3]);
});

test('a fraction of a minor unit is an error, not rounded', () => {
  expect(() => formatMoney({ minor: 4.5, currency: 'EUR' }, 'en')).toThrow('whole number');
  expect(() => splitGross(4.5, 1900)).toThrow('minor units');
  expect(() => splitGross(-1, 1900)).toThrow('minor units');
});

test('rates are formatted as percentages', () => {
  expect(formatRate(1900, 'en')).toBe('19%');
  expect(formatRate(2550, 'en')).toBe('25.5%');
});
