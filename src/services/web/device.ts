/**
 * The device token: a cookie that says which seats this browser holds. It is set when a seat is
 * taken, never by looking at a page. The database knows only its hash.
 */
import { getCookie } from 'hono/cookie';
import { hashSecret, newSecret, SECRET } from '../../domain/secret.ts';
import { PASS_MS, readPass, signPass } from '../../domain/pass.ts';
import type { WebContext } from './route-types.ts';

const DEVICE_COOKIE = 'device';
/** Browsers keep no cookie longer than 400 days. */
const DEVICE_SECONDS = 400 * 24 * 3_600;
const WATCH_COOKIE = 'watch';

export interface Device {
  readonly hash: string;
  /** The cookie to send, when the token is new. */
  readonly cookie: string | null;
}

/** null = this browser never took a seat. */
export function knownDevice(c: WebContext): string | null {
  const token = getCookie(c, DEVICE_COOKIE);
  return token !== undefined && SECRET.test(token) ? hashSecret(token) : null;
}

export function deviceFor(c: WebContext): Device {
  const hash = knownDevice(c);
  if (hash !== null) return { hash, cookie: null };
  const token = newSecret(c.var.deps.world.random);
  return { hash: hashSecret(token), cookie: cookie(c, DEVICE_COOKIE, token, '/', DEVICE_SECONDS) };
}

/** The part of the hash that stands in passes: tells devices apart, opens nothing. */
export function deviceMark(deviceHash: string): string {
  return deviceHash.slice(0, 16);
}

/**
 * An observer has no seat in the database: a signed cookie says what they may watch, as long as
 * the link they came by is not replaced.
 */
export function watchCookie(c: WebContext, room: string, generation: number, device: string): string {
  const { keys, world } = c.var.deps;
  const expires = world.clock.now() + PASS_MS;
  const pass = signPass(
    { room, seat: 0, observer: true, device: deviceMark(device), generation, expires },
    keys.pass,
  );
  return cookie(c, WATCH_COOKIE, pass, '/', PASS_MS / 1_000);
}

export function mayWatch(c: WebContext, room: string, generation: number): boolean {
  const { keys, world } = c.var.deps;
  const given = getCookie(c, WATCH_COOKIE);
  if (given === undefined) return false;
  const read = readPass(given, keys.pass, world.clock.now());
  return (
    read.ok && read.claims.observer && read.claims.room === room && read.claims.generation === generation
  );
}

export function withCookies(response: Response, ...cookies: readonly (string | null)[]): Response {
  for (const one of cookies) if (one !== null) response.headers.append('Set-Cookie', one);
  return response;
}

function cookie(c: WebContext, name: string, value: string, path: string, seconds: number): string {
  const secure = c.var.deps.url.startsWith('https:') ? '; Secure' : '';
  return `${name}=${value}; Path=${path}; Max-Age=${seconds}; HttpOnly; SameSite=Lax${secure}`;
}
