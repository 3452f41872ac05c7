/**
 * Who may open a socket: decided by what is in memory, before anything is read from anywhere. Visitors
 * are remote addresses; an IPv6 visitor is the first half of one.
 */
import { visitorOf } from '../../../lib/address.ts';
import type { Clock } from '../../../lib/world.ts';
import { TokenBucket } from '../../../lib/token-bucket.ts';

export interface AdmissionLimits {
  /** Sockets that may be open without having said hello. */
  readonly socketsWaitingMax: number;
  /**
   * Open sockets of one visitor; also how many it may open at once, but UPGRADES_MIN at least, and a
   * tenth of that in each second of the long run.
   */
  readonly socketsPerAddressMax: number;
  /** Sockets opened on this host: per second in the long run, and at once. */
  readonly upgradeRate: number;
  readonly upgradeBurst: number;
}

/**
 * All players of a host may come at once, 40,000 of several within half a minute; a school of 300 comes back before the server has noticed
 * that its old sockets are dead, and does so three times in a row.
 */
export const ADMISSION_LIMITS: AdmissionLimits = {
  socketsWaitingMax: 4_000,
  socketsPerAddressMax: 1_000,
  upgradeRate: 2_000,
  upgradeBurst: 10_000,
};

/** Visitors without a socket whose allowance is remembered; the longest gone are forgotten first. */
const REMEMBERED_MAX = 20_000;
/** However few may be open: the pages of one player on a poor network come and go. */
const UPGRADES_MIN = 100;
/** A visitor may open all its sockets anew in so many seconds. */
export const SECONDS_FOR_ALL = 10;

interface Visitor {
  sockets: number;
  readonly upgrades: TokenBucket;
}

export class AdmissionControl {
  /** Sockets that have not said hello yet. */
  private waiting = 0;
  private readonly here = new Map<string, Visitor>();
  private readonly gone = new Map<string, Visitor>();
  private readonly upgrades: TokenBucket;
  private readonly limits: AdmissionLimits;
  private readonly clock: Clock;

  constructor(limits: AdmissionLimits, clock: Clock) {
    this.limits = limits;
    this.clock = clock;
    this.upgrades = new TokenBucket(limits.upgradeRate, limits.upgradeBurst, clock.mono());
  }

  /** May this visitor open one more socket? Counts it towards the rates if so. */
  tryAdmit(address: string): boolean {
    if (this.waiting >= this.limits.socketsWaitingMax) return false;
    const now = this.clock.mono();
    const visitor = this.visitor(visitorOf(address), now);
    if (visitor.sockets >= this.limits.socketsPerAddressMax) return false;
    // First the visitor's own: whoever tries too often must not use up what is everybody's.
    if (visitor.upgrades.available(now) === 0 || this.upgrades.available(now) === 0) return false;
    visitor.upgrades.take(now);
    this.upgrades.take(now);
    return true;
  }

  onOpen(address: string): void {
    this.waiting++;
    const key = visitorOf(address);
    const visitor = this.visitor(key, this.clock.mono());
    visitor.sockets++;
    this.gone.delete(key);
    this.here.set(key, visitor);
  }

  onHello(): void {
    this.waiting--;
  }

  onClose(address: string, hadGreeted: boolean): void {
    if (!hadGreeted) this.waiting--;
    const key = visitorOf(address);
    const visitor = this.here.get(key);
    if (!visitor || --visitor.sockets > 0) return;
    this.here.delete(key);
    this.remember(key, visitor);
  }

  /** Visitors in memory. */
  get visitors(): number {
    return this.here.size + this.gone.size;
  }

  private visitor(key: string, now: number): Visitor {
    const known = this.here.get(key) ?? this.gone.get(key);
    if (known) return known;
    const max = Math.max(UPGRADES_MIN, this.limits.socketsPerAddressMax);
    const visitor = { sockets: 0, upgrades: new TokenBucket(max / SECONDS_FOR_ALL, max, now) };
    this.remember(key, visitor);
    return visitor;
  }

  private remember(key: string, visitor: Visitor): void {
    this.gone.set(key, visitor);
    if (this.gone.size <= REMEMBERED_MAX) return;
    const [longest] = this.gone.keys();
    if (longest !== undefined) this.gone.delete(longest);
  }
}
