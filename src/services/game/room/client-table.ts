/**
 * The clients of one room: the seat of each client id and its last client seq, by which resends are
 * deduplicated (I3).
 *
 * A client id belongs to the seat that used it first. It gets its number with its first message; a client
 * without a number is deleted with its last socket, so that hellos alone take no memory.
 */
export interface Client {
  /** The id in hex: a string takes less memory than a byte array. */
  readonly key: string;
  readonly seat: number;
  /** 0 until the first message has a seq. */
  number: number;
  durableNumber: number;
  /** The last client seq that is assigned, and the last that is durable. */
  assignedSeq: number;
  durableSeq: number;
  /** Number of open sockets that use this client id. */
  sockets: number;
}

export class ClientTable {
  private readonly byKey = new Map<string, Client>();
  private lastNumber = 0;
  private lastDurableNumber = 0;

  /** Number of clients that have a number. */
  get count(): number {
    return this.lastNumber;
  }

  /** Adds a durable client, read from the archive or the log's tail. */
  restore(number: number, id: Uint8Array, seat: number, lastSeq: number): void {
    const client: Client = {
      key: clientKey(id),
      seat,
      number,
      durableNumber: number,
      assignedSeq: lastSeq,
      durableSeq: lastSeq,
      sockets: 0,
    };
    this.byKey.set(client.key, client);
    this.lastNumber = this.lastDurableNumber = Math.max(this.lastNumber, number);
  }

  /** Registers a socket for this id; null if the id belongs to another seat. */
  acquire(id: Uint8Array, seat: number): Client | null {
    const key = clientKey(id);
    const existing = this.byKey.get(key);
    if (existing && existing.seat !== seat) return null;
    const client = existing ?? {
      key,
      seat,
      number: 0,
      durableNumber: 0,
      assignedSeq: 0,
      durableSeq: 0,
      sockets: 0,
    };
    if (!existing) this.byKey.set(key, client);
    client.sockets++;
    return client;
  }

  release(client: Client): void {
    client.sockets--;
    if (client.sockets === 0 && client.number === 0) this.byKey.delete(client.key);
  }

  assignNumber(client: Client): void {
    client.number = ++this.lastNumber;
  }

  /** The client's message `seq` is durable, and so is its number. */
  markDurable(client: Client, seq: number): void {
    client.durableSeq = seq;
    client.durableNumber = client.number;
    this.lastDurableNumber = Math.max(this.lastDurableNumber, client.number);
  }

  /** Resets every client to its durable state. */
  rollBack(): void {
    this.lastNumber = this.lastDurableNumber;
    for (const client of this.byKey.values()) {
      client.assignedSeq = client.durableSeq;
      client.number = client.durableNumber;
      if (client.sockets === 0 && client.number === 0) this.byKey.delete(client.key);
    }
  }
}

export function clientKey(id: Uint8Array): string {
  return id.toHex();
}

/** The id in bytes, as in `client` records. */
export function clientId(client: Client): Uint8Array {
  return Uint8Array.fromHex(client.key);
}
