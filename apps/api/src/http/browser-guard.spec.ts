import { describe, expect, test } from '@jest/globals';
import { isLoopbackHost, refuseBrowser } from './browser-guard.ts';

describe('an address is loopback', () => {
  test.each([
    ['localhost', true],
    ['127.0.0.1', true],
    ['127.1.2.3', true],
    ['::1', true],
    ['[::1]', true],
    ['0.0.0.0', false],
    ['::', false],
    ['10.0.0.1', false],
    ['localhost.example.com', false],
    ['127.0.0.1.example.com', false],
  ])('%s: %s', (host, expected) => {
    expect(isLoopbackHost(host)).toBe(expected);
  });
});

describe('a request that may come from a page of another site', () => {
  test.each<[string, { host?: string; origin?: string }, readonly string[], string | undefined]>([
    ['from a tool', { host: '127.0.0.1:8080' }, [], undefined],
    ['from our own docs page', { host: 'localhost:8080', origin: 'http://localhost:8080' }, [], undefined],
    ['by IPv6', { host: '[::1]:8080' }, [], undefined],
    ['from a name that was made to mean 127.0.0.1', { host: 'evil.example' }, [], 'foreignHost'],
    ['without a Host', {}, [], 'foreignHost'],
    ['from a page elsewhere', { host: 'localhost', origin: 'https://evil.example' }, [], 'foreignOrigin'],
    ['from a page on another port', { host: 'localhost:8080', origin: 'http://localhost:3000' }, [], 'foreignOrigin'],
    ['from a sandboxed page', { host: 'localhost', origin: 'null' }, [], 'foreignOrigin'],
    ['to an address of the network, which was allowed', { host: 'Weir.example:8080' }, ['weir.example'], undefined],
    [
      'from elsewhere to that address',
      { host: 'weir.example', origin: 'https://evil.example' },
      ['weir.example'],
      'foreignOrigin',
    ],
  ])('%s', (_, headers, allowedHosts, expected) => {
    expect(refuseBrowser(headers, allowedHosts)?.kind).toBe(expected);
  });
});
