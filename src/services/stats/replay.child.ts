/**
 * Child process: replays one room through the rules that it pinned.
 * Arguments: paths of the rules' bundle, of the concatenated records, and of the result (written as JSON).
 */
import { replayResult } from './replay-result.ts';

const [rulesPath, recordsPath, resultPath] = process.argv.slice(2);
if (!rulesPath || !recordsPath || !resultPath)
  throw new Error('usage: replay.child.ts <rules> <records> <result>');
const { default: rules } = await import(rulesPath);
const result = replayResult(rules, await Bun.file(recordsPath).bytes());
await Bun.write(resultPath, JSON.stringify(result));
