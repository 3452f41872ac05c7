/** Whose a request is: with and without proxies, with honest and with invented headers. */
import { expect, test } from 'bun:test';
import { visitorAddress, visitorOf } from './address.ts';

const REMOTE = '10.0.0.9';

test('without a trusted proxy no header is believed', () => {
  expect(visitorAddress(REMOTE, '203.0.113.7', 0)).toBe(REMOTE);
  expect(visitorAddress(REMOTE, null, 0)).toBe(REMOTE);
});

test('behind one proxy the last entry counts, whatever the visitor wrote before it', () => {
  expect(visitorAddress(REMOTE, '203.0.113.7', 1)).toBe('203.0.113.7');
  expect(visitorAddress(REMOTE, '198.51.100.1, 203.0.113.7', 1)).toBe('203.0.113.7');
  expect(visitorAddress(REMOTE, '198.51.100.1, nonsense, , 203.0.113.7', 1)).toBe('203.0.113.7');
});

test('behind two proxies the last but one counts', () => {
  expect(visitorAddress(REMOTE, '198.51.100.1, 203.0.113.7, 10.0.0.8', 2)).toBe('203.0.113.7');
});

test('who came past the outer proxy is known by what the inner one saw', () => {
  expect(visitorAddress(REMOTE, '203.0.113.7', 2)).toBe('203.0.113.7');
  expect(visitorAddress(REMOTE, null, 2)).toBe(REMOTE);
});

test('an entry that is no address leaves the one of the connection', () => {
  for (const entry of ['', ' ', 'unknown', '1.2.3', '203.0.113.7 evil', '[203.0.113.7', 'a'.repeat(10_000)]) {
    expect(visitorAddress(REMOTE, entry, 1)).toBe(REMOTE);
  }
});

test('ports and brackets are taken off', () => {
  expect(visitorAddress(REMOTE, '203.0.113.7:4711', 1)).toBe('203.0.113.7');
  expect(visitorAddress(REMOTE, '[2001:db8::1]:4711', 1)).toBe('2001:db8::1');
  expect(visitorAddress(REMOTE, '2001:db8::1', 1)).toBe('2001:db8::1');
});

test('IPv6 counts by its first half, IPv4 in IPv6 as IPv4', () => {
  expect(visitorOf('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2');
  expect(visitorOf('2001:db8:1:2::9')).toBe('2001:db8:1:2');
  expect(visitorOf('2001:db8::9')).toBe('2001:db8:0:0');
  expect(visitorOf('::1')).toBe('0:0:0:0');
  expect(visitorOf('::ffff:192.0.2.1')).toBe('192.0.2.1');
  expect(visitorOf('192.0.2.1')).toBe('192.0.2.1');
});
