/** Somebody who speaks the protocol by hand, and badly: what a page of ours never does must harm nobody. */
import { hello } from '../../sdk/protocol/hello.ts';
import { RecordKind } from '../../sdk/protocol/record.ts';
import { encodeSend } from '../../sdk/protocol/send.ts';
import { PROTOCOL_VERSION } from '../../sdk/protocol/version.ts';
import { welcome } from '../../sdk/protocol/welcome.ts';
import type { SessionSocket } from '../../sdk/src/session-api.ts';
import { socketPath } from '../../src/domain/room.ts';
import type { Evening } from './scenario.ts';
import { ROOMS } from './seed-data.ts';
import { SLOT } from './processes.ts';

const SEAT = 9;
const NO_ROOM = 'n'.repeat(20);
/** A visit lasts at most so long, ms. */
const VISIT_MS = 9_000;
const note = new TextEncoder().encode('{"id":"v","text":"visited"}');

interface Visit {
  readonly socket: SessionSocket;
  readonly evening: Evening;
  send(clientSeq: number, kind?: number, body?: Uint8Array<ArrayBuffer>): void;
}

interface Manner {
  readonly name: string;
  readonly says?: Partial<Parameters<typeof hello.encode>[0]>;
  readonly room?: string;
  readonly seat?: number;
  readonly observer?: boolean;
  /** Says nothing at all. */
  readonly silent?: boolean;
  /** Once it was welcomed. */
  readonly welcomed?: (visit: Visit) => void;
}

const MANNERS: readonly Manner[] = [
  { name: 'says nothing', silent: true },
  { name: 'leaves messages out', welcomed: ({ send }) => [4, 5, 1, 1, 3, 2].forEach((seq) => send(seq)) },
  { name: 'repeats itself', welcomed: ({ send }) => [1, 1, 2, 1, 2, 2].forEach((seq) => send(seq)) },
  { name: 'sends nonsense', welcomed: ({ socket }) => socket.send(new Uint8Array([0x21, 0xff])) },
  { name: 'sends too much', welcomed: ({ send }) => Array.from({ length: 180 }, (_, at) => send(at + 1)) },
  { name: 'sends too large', welcomed: ({ socket }) => socket.send(new Uint8Array(9_000).fill(0x21)) },
  { name: 'sends another kind', welcomed: ({ send }) => send(1, RecordKind.epoch) },
  { name: 'watches and sends', observer: true, welcomed: ({ send }) => send(1) },
  { name: 'is of another time', says: { version: 99 } },
  { name: 'has no ticket', says: { credential: 'no.ticket' } },
  { name: 'knows no room', room: NO_ROOM },
  { name: 'sends as another seat', seat: SEAT - 1, welcomed: ({ send }) => send(1) },
  { name: 'makes a position up', says: { epoch: 1_700_000_001, seq: 3 } },
];

/** What visitors do, for the count at the end. */
export const MANNER_NAMES: readonly string[] = MANNERS.map(({ name }) => `visitor ${name}`);

export function visit(evening: Evening): void {
  const { scheduler, network } = evening;
  const manner = scheduler.pick(MANNERS);
  // Counts once the server has had to do with it.
  const strike = (): void => scheduler.mark(`visitor ${manner.name}`);
  scheduler.trace(() => `a visitor ${manner.name}`);
  const lease = scheduler.lease();
  const room = manner.room ?? scheduler.pick(ROOMS);
  const { observer = false, seat = observer ? 0 : SEAT } = manner;
  // Visitors of one seat use one id each; the last manner but one comes with the id of the others.
  const id = new Uint8Array(lease.world.random.bytes(16));
  if (manner.name === 'repeats itself' || manner.name === 'sends as another seat') id.fill(9);
  const frame = hello.encode({
    version: PROTOCOL_VERSION,
    credential: evening.ticket(room, { seat, observer, token: 'v' }),
    clients: [{ id }],
    epoch: 0,
    seq: 0,
    ...manner.says,
  });
  const socket = network.connect(lease, `visitor ${scheduler.events}`, `ws://test${socketPath(SLOT, room)}`, {
    opened: () => {
      if (!manner.silent) socket.send(frame);
      if (manner.welcomed === undefined) strike();
    },
    message: (bytes) => {
      if (bytes[0] !== welcome.type || manner.welcomed === undefined) return;
      manner.welcomed({ socket, evening, send });
      strike();
    },
    closed: () => {},
  });
  const send: Visit['send'] = (clientSeq, kind = RecordKind.note, body = note) => {
    socket.send(encodeSend({ client: 0, clientSeq, kind, body }));
  };
  lease.after(VISIT_MS, () => {
    socket.close();
    lease.end();
  });
}
