/**
 * The clients of one room: who may send under which id, and how far each has come (rule 3).
 *
 * A client id belongs to the seat under which it was first held. Its number is given with its first
 * message; until then it is forgotten as soon as no socket holds it, so that hellos alone cost nothing.
 */
export interface Client {
  /** The id in hex: a string takes less memory than bytes do. */
  readonly key: string;
  readonly seat: number;
  /** 0 until the first message was assigned its place. */
  number: number;
  durableNumber: number;
  /** The last client seq that has its place, and the last that is durable. */
  assignedSeq: number;
  durableSeq: number;
  /** Sockets that send for it. */
  holders: number;
}

export class ClientTable {
  private readonly byKey = new Map<string, Client>();
  private lastNumber = 0;
  private lastDurableNumber = 0;

  /** Clients that have a number. */
  get count(): number {
    return this.lastNumber;
  }

  /** Takes in a client that is durable: from the archive or the log's tail. */
  restore(number: number, id: Uint8Array, seat: number, lastSeq: number): void {
    const client: Client = {
      key: clientKey(id),
      seat,
      number,
      durableNumber: number,
      assignedSeq: lastSeq,
      durableSeq: lastSeq,
      holders: 0,
    };
    this.byKey.set(client.key, client);
    this.lastNumber = this.lastDurableNumber = Math.max(this.lastNumber, number);
  }

  /** A socket sends for this id from now on; null when the id belongs to another seat. */
  hold(id: Uint8Array, seat: number): Client | null {
    const key = clientKey(id);
    const present = this.byKey.get(key);
    if (present && present.seat !== seat) return null;
    const client = present ?? {
      key,
      seat,
      number: 0,
      durableNumber: 0,
      assignedSeq: 0,
      durableSeq: 0,
      holders: 0,
    };
    if (!present) this.byKey.set(key, client);
    client.holders++;
    return client;
  }

  release(client: Client): void {
    client.holders--;
    if (client.holders === 0 && client.number === 0) this.byKey.delete(client.key);
  }

  assignNumber(client: Client): void {
    client.number = ++this.lastNumber;
  }

  /** `seq` of the client is durable, and with it its number. */
  markDurable(client: Client, seq: number): void {
    client.durableSeq = seq;
    client.durableNumber = client.number;
    this.lastDurableNumber = Math.max(this.lastDurableNumber, client.number);
  }

  /** Everything that is assigned and not durable never was. */
  rollBack(): void {
    this.lastNumber = this.lastDurableNumber;
    for (const client of this.byKey.values()) {
      client.assignedSeq = client.durableSeq;
      client.number = client.durableNumber;
      if (client.holders === 0 && client.number === 0) this.byKey.delete(client.key);
    }
  }
}

export function clientKey(id: Uint8Array): string {
  return id.toHex();
}

/** The id itself: what `client` records carry. */
export function clientId(client: Client): Uint8Array {
  return Uint8Array.fromHex(client.key);
}
