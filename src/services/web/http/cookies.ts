/**
 * Cookies that identify a browser. The device token proves which seats the browser holds; it is set when a seat
 * is taken, never by a GET, and the database stores only its hash. The watch cookie is a signed permission to
 * watch a room without a seat.
 */
import { generateCookie, getCookie } from 'hono/cookie';
import { hashSecret, newSecret, SECRET } from '../../../domain/secret.ts';
import { PASS_MS, readPass, signPass } from '../../../domain/pass.ts';
import type { WebContext } from './route-types.ts';

const DEVICE_COOKIE = 'device';
/** Browsers keep no cookie longer than 400 days. */
const DEVICE_SECONDS = 400 * 24 * 3_600;
const WATCH_COOKIE = 'watch';

export interface Device {
  readonly hash: string;
  /** The Set-Cookie value to send if the token is new. */
  readonly cookie: string | null;
}

/** Returns null if this browser has never taken a seat. */
export function readDeviceHash(c: WebContext): string | null {
  const token = getCookie(c, DEVICE_COOKIE);
  return token !== undefined && SECRET.test(token) ? hashSecret(token) : null;
}

export function getOrCreateDevice(c: WebContext): Device {
  const hash = readDeviceHash(c);
  if (hash !== null) return { hash, cookie: null };
  const token = newSecret(c.var.deps.world.random);
  return { hash: hashSecret(token), cookie: createCookie(c, DEVICE_COOKIE, token, DEVICE_SECONDS) };
}

/** The part of the hash that is put in passes: it identifies the device and is not a credential. */
export function deviceTag(deviceHash: string): string {
  return deviceHash.slice(0, 16);
}

/**
 * An observer has no seat in the database: a signed cookie permits watching one room until the cookie expires
 * or the team's link is replaced.
 */
export function createWatchCookie(c: WebContext, room: string, generation: number, device: string): string {
  const { keys, world } = c.var.deps;
  const expires = world.clock.now() + PASS_MS;
  const pass = signPass(
    { room, seat: 0, observer: true, device: deviceTag(device), generation, expires },
    keys.pass,
  );
  return createCookie(c, WATCH_COOKIE, pass, PASS_MS / 1_000);
}

export function canWatch(c: WebContext, room: string, generation: number): boolean {
  const { keys, world } = c.var.deps;
  const given = getCookie(c, WATCH_COOKIE);
  if (given === undefined) return false;
  const read = readPass(given, keys.pass, world.clock.now());
  return (
    read.ok && read.claims.observer && read.claims.room === room && read.claims.generation === generation
  );
}

/** Returns a Set-Cookie value: for all paths, not readable by scripts, not sent with other sites' forms. */
export function createCookie(c: WebContext, name: string, value: string, maxAgeSeconds: number): string {
  return generateCookie(name, value, {
    path: '/',
    maxAge: maxAgeSeconds,
    httpOnly: true,
    sameSite: 'Lax',
    secure: c.var.deps.url.startsWith('https:'),
  });
}

export function withCookies(response: Response, ...cookies: readonly (string | null)[]): Response {
  for (const one of cookies) if (one !== null) response.headers.append('Set-Cookie', one);
  return response;
}
