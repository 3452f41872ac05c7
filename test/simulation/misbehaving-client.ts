/** A client that breaks the protocol on purpose: what our own pages never send must harm no room. */
import { hello } from '../../sdk/protocol/hello.ts';
import { RecordKind } from '../../sdk/protocol/record.ts';
import { encodeSend } from '../../sdk/protocol/send.ts';
import { PROTOCOL_VERSION } from '../../sdk/protocol/version.ts';
import { welcome } from '../../sdk/protocol/welcome.ts';
import type { SessionSocket } from '../../sdk/src/session-api.ts';
import { socketPath } from '../../src/domain/room.ts';
import type { Scenario } from './scenario.ts';
import { ROOMS } from './seed-data.ts';
import { SLOT } from './processes.ts';

const SEAT = 9;
const NO_ROOM = 'n'.repeat(20);
/** A connection lasts at most this long, ms. */
const CONNECTION_MS = 9_000;
const note = new TextEncoder().encode('{"id":"v","text":"visited"}');

interface Connection {
  readonly socket: SessionSocket;
  readonly scenario: Scenario;
  send(clientSeq: number, kind?: number, body?: Uint8Array<ArrayBuffer>): void;
}

interface Behaviour {
  readonly name: string;
  readonly hello?: Partial<Parameters<typeof hello.encode>[0]>;
  readonly room?: string;
  readonly seat?: number;
  readonly observer?: boolean;
  /** Sends no hello. */
  readonly silent?: boolean;
  /** Called after the welcome. */
  readonly welcomed?: (connectMisbehavingClient: Connection) => void;
}

const BEHAVIOURS: readonly Behaviour[] = [
  { name: 'sends nothing', silent: true },
  { name: 'skips messages', welcomed: ({ send }) => [4, 5, 1, 1, 3, 2].forEach((seq) => send(seq)) },
  { name: 'repeats messages', welcomed: ({ send }) => [1, 1, 2, 1, 2, 2].forEach((seq) => send(seq)) },
  { name: 'sends a malformed frame', welcomed: ({ socket }) => socket.send(new Uint8Array([0x21, 0xff])) },
  {
    name: 'sends too many messages',
    welcomed: ({ send }) => Array.from({ length: 180 }, (_, at) => send(at + 1)),
  },
  {
    name: 'sends too large a frame',
    welcomed: ({ socket }) => socket.send(new Uint8Array(9_000).fill(0x21)),
  },
  { name: 'sends a reserved kind', welcomed: ({ send }) => send(1, RecordKind.epoch) },
  { name: 'sends as an observer', observer: true, welcomed: ({ send }) => send(1) },
  { name: 'has an unknown version', hello: { version: 99 } },
  { name: 'has an invalid ticket', hello: { credential: 'no.ticket' } },
  { name: 'names an unknown room', room: NO_ROOM },
  { name: 'sends as another seat', seat: SEAT - 1, welcomed: ({ send }) => send(1) },
  { name: 'invents a position', hello: { epoch: 1_700_000_001, seq: 3 } },
];

/** The names under which behaviours are counted. */
export const BEHAVIOUR_NAMES: readonly string[] = BEHAVIOURS.map(({ name }) => `misbehaving client ${name}`);

export function connectMisbehavingClient(scenario: Scenario): void {
  const { scheduler, network } = scenario;
  const behaviour = scheduler.pick(BEHAVIOURS);
  // Counted when the server has received something of it.
  const countOnce = (): void => scheduler.count(`misbehaving client ${behaviour.name}`);
  scheduler.trace(() => `a client ${behaviour.name}`);
  const lease = scheduler.lease();
  const room = behaviour.room ?? scheduler.pick(ROOMS);
  const { observer = false, seat = observer ? 0 : SEAT } = behaviour;
  // Clients of one seat share an id in two behaviours; in the second the id belongs to another seat.
  const id = new Uint8Array(lease.world.random.bytes(16));
  if (behaviour.name === 'repeats messages' || behaviour.name === 'sends as another seat') id.fill(9);
  const frame = hello.encode({
    version: PROTOCOL_VERSION,
    credential: scenario.ticket(room, { seat, observer, token: 'v' }),
    clients: [{ id }],
    epoch: 0,
    seq: 0,
    ...behaviour.hello,
  });
  const socket = network.connect(
    lease,
    `misbehaving client ${scheduler.events}`,
    `ws://test${socketPath(SLOT, room)}`,
    {
      onOpen: () => {
        if (!behaviour.silent) socket.send(frame);
        if (behaviour.welcomed === undefined) countOnce();
      },
      onMessage: (bytes) => {
        if (bytes[0] !== welcome.type || behaviour.welcomed === undefined) return;
        behaviour.welcomed({ socket, scenario, send });
        countOnce();
      },
      onClose: () => {},
    },
  );
  const send: Connection['send'] = (clientSeq, kind = RecordKind.note, body = note) => {
    socket.send(encodeSend({ client: 0, clientSeq, kind, body }));
  };
  lease.after(CONNECTION_MS, () => {
    socket.close();
    lease.end();
  });
}
