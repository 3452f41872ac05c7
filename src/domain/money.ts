/**
 * Money: integer minor units with their currency; stored amounts are never recomputed (I9). A total is
 * the sum of its lines; amounts are divided by the largest remainder method, so that the parts add up exactly.
 */

export interface Money {
  /** Cents, pence, yen … */
  readonly minor: number;
  /** ISO 4217, upper case. */
  readonly currency: string;
}

/** Decimals of ISO 4217 currencies that do not have two. */
const EXPONENTS: { readonly [currency: string]: number } = {
  ...each(0, 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'),
  ...each(3, 'BHD IQD JOD KWD LYD OMR TND'),
};

/** Keeps twice an amount times a rate (in parts per 10,000) within the safe integers. */
const MINOR_MAX = 100_000_000_000;
const RATE_ONE = 10_000;

/** Number of decimals of the currency; 2 if it is not listed. */
export function exponentOf(currency: string): number {
  return EXPONENTS[currency] ?? 2;
}

/** `490` EUR → `4,90 €` in German. Intl gets the digits as text, so no floating-point number is involved. */
export function formatMoney(money: Money, locale: string): string {
  const exponent = exponentOf(money.currency);
  const format = new Intl.NumberFormat(locale, {
    style: 'currency',
    currency: money.currency,
    minimumFractionDigits: exponent,
    maximumFractionDigits: exponent,
  });
  return format.format(decimal(money.minor, exponent));
}

/** Splits a gross price into net and tax; `rate` in parts per 10,000. The tax is rounded half up. */
export function splitGross(
  grossMinor: number,
  rate: number,
): { readonly netMinor: number; readonly taxMinor: number } {
  assertMinor(grossMinor);
  assertMinor(rate);
  const whole = RATE_ONE + rate;
  const taxMinor = Math.floor((2 * grossMinor * rate + whole) / (2 * whole));
  return { netMinor: grossMinor - taxMinor, taxMinor };
}

/**
 * Divides `minor` in proportion to `weights` (integers, not negative, not all 0) by the largest remainder method; of
 * equal remainders the earlier one wins. The parts add up to `minor` exactly.
 */
export function allocate(minor: number, weights: readonly number[]): readonly number[] {
  assertMinor(minor);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  if (!(sum > 0) || weights.some((weight) => !Number.isSafeInteger(weight) || weight < 0)) {
    throw new Error('weights are whole numbers, not negative, and not all zero');
  }
  const exact = weights.map((weight) => BigInt(minor) * BigInt(weight));
  const parts = exact.map((share) => Number(share / BigInt(sum)));
  const byRemainder = exact
    .map((share, index) => ({ index, rest: share % BigInt(sum) }))
    .sort((a, b) => (a.rest === b.rest ? a.index - b.index : a.rest < b.rest ? 1 : -1));
  const left = minor - parts.reduce((total, part) => total + part, 0);
  for (const { index } of byRemainder.slice(0, left)) parts[index] = (parts[index] ?? 0) + 1;
  return parts;
}

export interface LineAmounts {
  readonly net_minor: number;
  readonly tax_minor: number;
  readonly gross_minor: number;
}

/** Totals are computed by this function only. */
export function totalOf(lines: readonly LineAmounts[]): LineAmounts {
  const total = { net_minor: 0, tax_minor: 0, gross_minor: 0 };
  for (const line of lines) {
    total.net_minor += line.net_minor;
    total.tax_minor += line.tax_minor;
    total.gross_minor += line.gross_minor;
  }
  return total;
}

/** `rate` in parts per 10,000: 1900 → `19 %` in German. */
export function formatRate(rate: number, locale: string): string {
  const format = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 2 });
  return format.format(rate / RATE_ONE);
}

/** An exact decimal as Intl accepts it: `-4.90`. */
function decimal(minor: number, exponent: number): Intl.StringNumericLiteral {
  if (!Number.isSafeInteger(minor)) throw new Error(`not a whole number of minor units: ${minor}`);
  const digits = String(Math.abs(minor)).padStart(exponent + 1, '0');
  const cut = digits.length - exponent;
  const fraction = exponent === 0 ? '' : `.${digits.slice(cut)}`;
  return `${minor < 0 ? '-' : ''}${digits.slice(0, cut)}${fraction}` as Intl.StringNumericLiteral;
}

function assertMinor(value: number): void {
  if (!Number.isSafeInteger(value) || value < 0 || value > MINOR_MAX) {
    throw new Error(`not an amount in minor units: ${value}`);
  }
}

function each(exponent: number, currencies: string): { [currency: string]: number } {
  return Object.fromEntries(currencies.split(' ').map((currency) => [currency, exponent]));
}
