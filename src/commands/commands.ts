/** The table of commands. The code of a command is loaded when it runs. */
import type { Command } from './command.ts';

export const COMMANDS: { readonly [name: string]: Command } = {
  start: {
    usage: 'start [service …] [option …]',
    help: 'Start the named services; without a name, all of them.',
    run: async (...given) => (await import('./start.ts')).start(...given),
  },
  config: {
    usage: 'config [option …]',
    help: 'Print the value of every option and where it comes from.',
    run: async (args, terminal) => (await import('./config.ts')).config(args, terminal),
  },
  journal: {
    usage: 'journal verify | show [room] | export [room] [option …]',
    help: 'Check, list or export the journal of a slot without changing it.',
    run: async (args, terminal) => (await import('./journal/journal-command.ts')).journal(args, terminal),
  },
  load: {
    usage: 'load [load option …]',
    help: 'Load test: play many rooms on a private server and check every delivery.',
    run: async (...given) => (await import('./load/load-command.ts')).load(...given),
  },
  help: {
    usage: 'help',
    help: 'Print this help.',
    run: async (_, terminal) => (await import('./help.ts')).help(COMMANDS, terminal),
  },
  version: {
    usage: 'version',
    help: 'Print the version.',
    run: async (_, terminal) => (await import('./help.ts')).version(terminal),
  },
};
