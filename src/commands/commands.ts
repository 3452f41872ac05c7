/** The list of commands. Each is loaded only when it runs. */
import type { Command } from './command.ts';

export const COMMANDS: { readonly [name: string]: Command } = {
  start: {
    usage: 'start [service …] [option …]',
    help: 'Start the named services; without a name, all of them.',
    run: async (...given) => (await import('./start.ts')).start(...given),
  },
  config: {
    usage: 'config [option …]',
    help: 'Print every option that is in force and where it comes from.',
    run: async (args, terminal) => (await import('./config.ts')).config(args, terminal),
  },
  journal: {
    usage: 'journal verify | show [room] | export [room] [option …]',
    help: 'Look at the live log of a slot without changing it: check it, list it, write it to a file.',
    run: async (args, terminal) => (await import('./journal/journal-command.ts')).journal(args, terminal),
  },
  load: {
    usage: 'load [option of its own …]',
    help: 'Measure how much this machine carries: play many rooms on a private server, check every delivery.',
    run: async (...given) => (await import('./load/load-command.ts')).load(...given),
  },
  help: {
    usage: 'help',
    help: 'Print this.',
    run: async (args, terminal) => (await import('./help.ts')).help(args, terminal),
  },
  version: {
    usage: 'version',
    help: 'Print the version.',
    run: async (args, terminal) => (await import('./help.ts')).version(args, terminal),
  },
};
