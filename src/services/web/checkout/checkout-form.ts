/** The checkout form: reads and validates what the buyer entered. */
import { z } from 'zod';
import { normaliseEmail } from '../../../domain/order.ts';

export interface CheckoutForm {
  readonly email: string;
  /** The address a second time. */
  readonly again: string;
  readonly terms: boolean;
  /** Consent to immediate delivery. */
  readonly immediate: boolean;
}

export const EMPTY_FORM: CheckoutForm = { email: '', again: '', terms: false, immediate: false };

/** Field → key of the error's text. */
export type CheckoutFaults = { readonly [F in keyof CheckoutForm]?: string };

const emailSchema = z.email().max(254);

export function readCheckoutForm(form: URLSearchParams): CheckoutForm {
  return {
    email: form.get('email') ?? '',
    again: form.get('again') ?? '',
    terms: form.get('terms') === 'yes',
    immediate: form.get('immediate') === 'yes',
  };
}

export function checkoutFaults(form: CheckoutForm): CheckoutFaults {
  const valid = isEmail(form.email);
  const differs = normaliseEmail(form.again) !== normaliseEmail(form.email);
  return {
    ...(valid ? {} : { email: 'shop.fault_email' }),
    ...(valid && differs ? { again: 'shop.fault_again' } : {}),
    ...(form.terms ? {} : { terms: 'shop.fault_terms' }),
    ...(form.immediate ? {} : { immediate: 'shop.fault_immediate' }),
  };
}

export function isEmail(text: string): boolean {
  return emailSchema.safeParse(normaliseEmail(text)).success;
}
