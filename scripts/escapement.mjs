#!/usr/bin/env node
// The command `escapement` (`npx escapement config`): the program with any of its commands.
import { runEscapement } from './lib/escapement.mjs';

runEscapement(process.argv.slice(2));
