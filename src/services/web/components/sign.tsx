/** A small drawing before words or in a button that says its name otherwise. */
import { SIGNS, type SignName } from '../signs.ts';

export function Sign({ name }: { readonly name: SignName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false">
      <path d={SIGNS[name]} />
    </svg>
  );
}
