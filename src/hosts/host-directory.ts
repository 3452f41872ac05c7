/** The rows of this installation's processes in the directory of hosts. */
import type { MainDb } from '../ports/main-db/main-db.ts';
import { bootHost, hostBySlot, updateHost } from '../ports/main-db/queries/hosts.ts';

const REGION = 'local';

export interface SlotClaim {
  readonly slot: string;
  readonly bootId: string;
  /** Of the program. */
  readonly version: string;
}

/** Records that this boot serves the slot. Throws if another process claimed it at the same moment. */
export async function claimSlot(db: MainDb, { slot, bootId, version }: SlotClaim): Promise<void> {
  const isClaimed = await db.write(async (tx) => {
    const previous = await hostBySlot(tx, slot);
    const host = {
      slot,
      boot_id: bootId,
      version,
      region: REGION,
      state: 'ready' as const,
      load: 0,
      // The lock of the data folder excludes other processes, so the lease never ends.
      lease_until: Number.MAX_SAFE_INTEGER,
    };
    return bootHost(tx, host, previous?.boot_id ?? null);
  });
  if (!isClaimed) throw new Error(`another process claimed slot ${slot} at the same moment`);
}

/** Records that the process of this boot has exited; does nothing if another boot has the slot by now. */
export async function recordExit(db: MainDb, slot: string, bootId: string): Promise<void> {
  await db.write((tx) => updateHost(tx, slot, bootId, { state: 'dead', load: 0 }));
}

export interface LoadedSlot {
  readonly name: string;
  /** null while no process serves it. */
  readonly currentLoad: { readonly bootId: string; readonly load: number } | null;
}

/** Records how many rooms each slot has open. */
export async function recordLoads(db: MainDb, slots: readonly LoadedSlot[]): Promise<void> {
  for (const { name, currentLoad } of slots) {
    if (!currentLoad) continue;
    await db.write((tx) => updateHost(tx, name, currentLoad.bootId, { load: currentLoad.load }));
  }
}
