#!/usr/bin/env node
// `npx escapement <command>`: the program with any of its commands.
import { runEscapement } from './lib/escapement.mjs';

runEscapement(process.argv.slice(2));
