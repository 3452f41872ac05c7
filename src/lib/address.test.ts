/** Visitors' addresses with and without proxies, with true and with forged headers. */
import { expect, test } from 'bun:test';
import { visitorAddress, visitorKey } from './address.ts';

const REMOTE = '10.0.0.9';

test('without a trusted proxy the header is ignored', () => {
  expect(visitorAddress(REMOTE, '203.0.113.7', 0)).toBe(REMOTE);
  expect(visitorAddress(REMOTE, null, 0)).toBe(REMOTE);
});

test('behind one proxy the last entry is used, whatever the visitor wrote before it', () => {
  expect(visitorAddress(REMOTE, '203.0.113.7', 1)).toBe('203.0.113.7');
  expect(visitorAddress(REMOTE, '198.51.100.1, 203.0.113.7', 1)).toBe('203.0.113.7');
  expect(visitorAddress(REMOTE, '198.51.100.1, nonsense, , 203.0.113.7', 1)).toBe('203.0.113.7');
});

test('behind two proxies the last entry but one is used', () => {
  expect(visitorAddress(REMOTE, '198.51.100.1, 203.0.113.7, 10.0.0.8', 2)).toBe('203.0.113.7');
});

test('a request that bypassed the outer proxy has the address that the inner one saw', () => {
  expect(visitorAddress(REMOTE, '203.0.113.7', 2)).toBe('203.0.113.7');
  expect(visitorAddress(REMOTE, null, 2)).toBe(REMOTE);
});

test('if the entry is not an address, the address of the connection is used', () => {
  for (const entry of ['', ' ', 'unknown', '1.2.3', '203.0.113.7 evil', '[203.0.113.7', 'a'.repeat(10_000)]) {
    expect(visitorAddress(REMOTE, entry, 1)).toBe(REMOTE);
  }
});

test('ports and brackets are removed', () => {
  expect(visitorAddress(REMOTE, '203.0.113.7:4711', 1)).toBe('203.0.113.7');
  expect(visitorAddress(REMOTE, '[2001:db8::1]:4711', 1)).toBe('2001:db8::1');
  expect(visitorAddress(REMOTE, '2001:db8::1', 1)).toBe('2001:db8::1');
});

test('the key of an IPv6 address is its /64 prefix, that of an IPv4-mapped one its IPv4 address', () => {
  expect(visitorKey('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2');
  expect(visitorKey('2001:db8:1:2::9')).toBe('2001:db8:1:2');
  expect(visitorKey('2001:db8::9')).toBe('2001:db8:0:0');
  expect(visitorKey('::1')).toBe('0:0:0:0');
  expect(visitorKey('::ffff:192.0.2.1')).toBe('192.0.2.1');
  expect(visitorKey('192.0.2.1')).toBe('192.0.2.1');
});
