/** The version of the program, as it stands in package.json. */
import manifest from '../package.json' with { type: 'json' };

export const VERSION = manifest.version;
