/** A small drawing before words or in a button that says its name otherwise. */
import { ICON_PATHS, type SignName } from '../icon-paths.ts';

export function Sign({ name }: { readonly name: SignName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false">
      <path d={ICON_PATHS[name]} />
    </svg>
  );
}
