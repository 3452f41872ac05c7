// `npm start`: installs the locked dependencies if they are missing or stale, then starts all services. Flags are
// passed on: `npm start -- --port 9000 --lan`.
import { runEscapement } from './lib/escapement.mjs';

runEscapement(['start', ...process.argv.slice(2)]);
