/**
 * The process that `journal-kill.test.ts` kills: appends to many rooms on a disk that keeps only what is
 * durable, and reports on stdout. Each line is one write.
 *
 *   started                     the journal is being opened
 *   ready                       it is open
 *   fence <room> <epoch>        the room was opened
 *   ack <room> <seq> <text>     the append was committed
 *   archived <room> <seq>       the room is trimmed up to this entry from now on
 */
import { writeSync } from 'node:fs';
import { openJournal, type Journal } from '../../src/ports/room-log/room-log.journal.ts';
import { EMPTY_HEAD } from '../../src/ports/room-log/room-log.ts';
import { realWorld } from '../../src/lib/world.real.ts';
import { pause } from '../../src/lib/pause.ts';
import { openMirroredDisk } from '../support/disks/disk.mirrored.ts';
import { seededRandom } from '../support/in-process/world.simulated.ts';
import { DIRECTORY, ROOMS, type ChildOptions, entryText } from './journal-kill.shared.ts';

const options: ChildOptions = JSON.parse(process.argv[2]!);
const random = seededRandom(options.seed);

function report(line: string): void {
  writeSync(1, `${line}\n`);
}

async function openRoom(journal: Journal, room: string): Promise<{ epoch: number; seq: number }> {
  for (let epoch = 1; ;) {
    const outcome = await journal.open(room, epoch, EMPTY_HEAD);
    if (outcome.ok) {
      report(`fence ${room} ${epoch}`);
      return { epoch, seq: outcome.head.seq };
    }
    if (outcome.why === 'refused') throw new Error(`${room} was refused`);
    epoch = outcome.epoch + 1;
  }
}

async function play(journal: Journal, room: string): Promise<never> {
  const { epoch, seq: head } = await openRoom(journal, room);
  for (let seq = head + 1; ; seq++) {
    const text = entryText(room, seq, Math.floor(random() * 2 ** 32), Math.floor(random() ** 4 * 3_000));
    if (options.mode === 'early') report(`ack ${room} ${seq} ${text}`);
    const records = new TextEncoder().encode(text);
    const outcome = await journal.append({
      room,
      epoch,
      prevSeq: seq - 1,
      lastSeq: seq,
      lastMs: seq,
      records,
    });
    if (outcome !== 'committed') throw new Error(`append to ${room} was ${outcome}`);
    if (options.mode !== 'early') report(`ack ${room} ${seq} ${text}`);
    if (random() < 0.05) {
      const upto = Math.max(1, seq - Math.floor(random() * 10));
      report(`archived ${room} ${upto}`);
      await journal.trim(room, upto);
    }
    if (random() < 0.3) await pause(realWorld.timers, random() * 10);
  }
}

const disk = openMirroredDisk(options.root, {
  random,
  timers: realWorld.timers,
  delayMs: ({ kind }) => (kind === 'writeDurably' || kind === 'sync' ? 1 + random() * 3 : 0),
  earlyFlushChance: options.leak,
  ignoresSync: options.mode === 'without-sync',
});
report('started');
const outcome = await openJournal({
  disk,
  directory: DIRECTORY,
  world: realWorld,
  lock: () => ({ ok: true, release() {} }),
  fatal(error) {
    throw error;
  },
  limits: { segmentBytes: 65_536, stepBytes: 16_384 },
});
if (!outcome.ok) {
  report(`refused ${outcome.message}`);
  process.exit(1);
}
report('ready');
await Promise.all(ROOMS.map((room) => play(outcome.journal, room)));
