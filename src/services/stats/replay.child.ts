/**
 * Child process: replays one room through the rules it pinned.
 * Arguments: the rules' bundle, the records (one after another), where to write the result (JSON).
 */
import { replayResult } from './replay-result.ts';

const [rulesPath, recordsPath, resultPath] = process.argv.slice(2);
if (!rulesPath || !recordsPath || !resultPath) throw new Error('rules, records and result are needed');
const { default: rules } = await import(rulesPath);
const result = replayResult(rules, await Bun.file(recordsPath).bytes());
await Bun.write(resultPath, JSON.stringify(result));
