/** Icons of the lobby and the end page. Decorative: the text next to them has the same meaning. */
import { ICON_PATHS, type IconName } from './icon-paths.ts';

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false">
      <path d={ICON_PATHS[name]} />
    </svg>
  );
}
