/**
 * Admission control: decides whether a socket may be opened, from memory alone, before any database or log is
 * read. A visitor is a remote address; for IPv6 its first 64 bits.
 */
import { visitorKey } from '../../../lib/address.ts';
import type { Clock } from '../../../lib/world.ts';
import { TokenBucket } from '../../../lib/token-bucket.ts';

export interface AdmissionLimits {
  /** Open sockets that have not sent a hello yet. */
  readonly socketsWaitingMax: number;
  /**
   * Open sockets of one visitor. Also the number it may open at once (at least UPGRADES_MIN); on average it
   * may open a tenth of that per second.
   */
  readonly socketsPerAddressMax: number;
  /** Sockets opened on this host: per second on average, and at once. */
  readonly upgradeRate: number;
  readonly upgradeBurst: number;
}

/**
 * Sized so that all players of a host may connect at once, and 40,000 within half a minute; and that a school
 * of 300 behind one address may reconnect three times in a row before the server has detected its dead
 * sockets.
 */
export const ADMISSION_LIMITS: AdmissionLimits = {
  socketsWaitingMax: 4_000,
  socketsPerAddressMax: 1_000,
  upgradeRate: 2_000,
  upgradeBurst: 10_000,
};

/** Visitors without a socket whose token bucket is kept; the one that disconnected first is evicted first. */
const DISCONNECTED_MAX = 20_000;
/** Minimum, whatever `socketsPerAddressMax` is: a player on a poor network reconnects often. */
const UPGRADES_MIN = 100;
/** Seconds in which a visitor may open all its sockets again. */
export const REOPEN_ALL_SECONDS = 10;

interface Visitor {
  sockets: number;
  readonly upgrades: TokenBucket;
}

export class AdmissionControl {
  /** Number of sockets that have not sent a hello yet. */
  private awaitingHello = 0;
  private readonly connected = new Map<string, Visitor>();
  private readonly disconnected = new Map<string, Visitor>();
  private readonly upgrades: TokenBucket;
  private readonly limits: AdmissionLimits;
  private readonly clock: Clock;

  constructor(limits: AdmissionLimits, clock: Clock) {
    this.limits = limits;
    this.clock = clock;
    this.upgrades = new TokenBucket(limits.upgradeRate, limits.upgradeBurst, clock.mono());
  }

  /** Whether this visitor may open one more socket; if so, it is counted towards the rates. */
  tryAdmit(address: string): boolean {
    if (this.awaitingHello >= this.limits.socketsWaitingMax) return false;
    const now = this.clock.mono();
    const visitor = this.visitor(visitorKey(address), now);
    if (visitor.sockets >= this.limits.socketsPerAddressMax) return false;
    // Check both before taking: a visitor over its own rate must not use up the host's.
    if (visitor.upgrades.available(now) === 0 || this.upgrades.available(now) === 0) return false;
    visitor.upgrades.take(now);
    this.upgrades.take(now);
    return true;
  }

  onOpen(address: string): void {
    this.awaitingHello++;
    const key = visitorKey(address);
    const visitor = this.visitor(key, this.clock.mono());
    visitor.sockets++;
    this.disconnected.delete(key);
    this.connected.set(key, visitor);
  }

  onHello(): void {
    this.awaitingHello--;
  }

  onClose(address: string, helloReceived: boolean): void {
    if (!helloReceived) this.awaitingHello--;
    const key = visitorKey(address);
    const visitor = this.connected.get(key);
    if (!visitor || --visitor.sockets > 0) return;
    this.connected.delete(key);
    this.rememberDisconnected(key, visitor);
  }

  /** Number of visitors in memory. */
  get visitorCount(): number {
    return this.connected.size + this.disconnected.size;
  }

  private visitor(key: string, now: number): Visitor {
    const known = this.connected.get(key) ?? this.disconnected.get(key);
    if (known) return known;
    const max = Math.max(UPGRADES_MIN, this.limits.socketsPerAddressMax);
    const visitor = { sockets: 0, upgrades: new TokenBucket(max / REOPEN_ALL_SECONDS, max, now) };
    this.rememberDisconnected(key, visitor);
    return visitor;
  }

  private rememberDisconnected(key: string, visitor: Visitor): void {
    this.disconnected.set(key, visitor);
    if (this.disconnected.size <= DISCONNECTED_MAX) return;
    const [oldest] = this.disconnected.keys();
    if (oldest !== undefined) this.disconnected.delete(oldest);
  }
}
