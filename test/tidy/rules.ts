/** The list of house rules. To add one: a file in rules/, a line here, a violating fixture with its name. */
import type { Rule } from './rule.ts';
import { adaptersInWire } from './rules/adapters-in-wire.ts';
import { bannedCalls } from './rules/banned-calls.ts';
import { contractSuites } from './rules/contract-suites.ts';
import { deadFiles } from './rules/dead-files.ts';
import { decisionsIndexed } from './rules/decisions-indexed.ts';
import { documentedCommands } from './rules/documented-commands.ts';
import { escapeHatches } from './rules/escape-hatches.ts';
import { importDirection } from './rules/import-direction.ts';
import { invariantsExist } from './rules/invariants-exist.ts';
import { length } from './rules/length.ts';
import { libraryPlace } from './rules/library-place.ts';
import { lockFile } from './rules/lock-file.ts';
import { markdownTitle } from './rules/markdown-title.ts';
import { migrations } from './rules/migrations.ts';
import { noMachine } from './rules/no-machine.ts';
import { onePrivacyStyle } from './rules/one-privacy-style.ts';
import { openingComment } from './rules/opening-comment.ts';
import { plainNames } from './rules/plain-names.ts';
import { pureRules } from './rules/pure-rules.ts';
import { testInAStep } from './rules/test-in-a-step.ts';

export const RULES: readonly Rule[] = [
  importDirection,
  adaptersInWire,
  libraryPlace,
  length,
  bannedCalls,
  escapeHatches,
  deadFiles,
  pureRules,
  openingComment,
  migrations,
  noMachine,
  lockFile,
  markdownTitle,
  testInAStep,
  documentedCommands,
  contractSuites,
  onePrivacyStyle,
  plainNames,
  decisionsIndexed,
  invariantsExist,
];
