import { describe, expect, test } from '@jest/globals';
import { fromAnswer, fromFault, isKubernetesError } from './errors.ts';
import { ROLLOUTS, SERVICES, pathOf } from './resources.ts';

const status = (details?: object): string => JSON.stringify({ kind: 'Status', message: 'said the server', details });

describe('an answer of the API server', () => {
  test.each([
    [404, status({ name: 'app', kind: 'mappings' }), 'notFound'],
    [404, '404 page not found', 'notServed'],
    [404, status({}), 'notServed'],
    [409, status(), 'conflict'],
    [401, status(), 'forbidden'],
    [403, status(), 'forbidden'],
    [400, status(), 'invalid'],
    [422, status(), 'invalid'],
    [429, status(), 'unavailable'],
    [500, status(), 'unavailable'],
    [503, 'upstream', 'unavailable'],
  ])('%i %s is %s', (code, body, kind) => {
    expect(fromAnswer('GET x', code, body, undefined).kind).toBe(kind);
  });

  test('keeps Retry-After in milliseconds, and what the server said', () => {
    const error = fromAnswer('PATCH x', 429, status(), '3');
    expect(error.retryAfterMs).toBe(3_000);
    expect(error.message).toBe('PATCH x: 429 said the server');
  });

  test('that never came is worth another try, with its cause in words', () => {
    const error = fromFault('GET x', new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') }));
    expect(isKubernetesError(error, 'unavailable')).toBe(true);
    expect(error.message).toBe('GET x: fetch failed: connect ECONNREFUSED');
  });
});

test.each([
  [{ resource: SERVICES, namespace: 'ns', name: 'app' }, '/api/v1/namespaces/ns/services/app'],
  [{ resource: ROLLOUTS }, '/apis/argoproj.io/v1alpha1/rollouts'],
  [
    { resource: ROLLOUTS, namespace: 'ns', name: 'a', subresource: 'status' as const },
    '/apis/argoproj.io/v1alpha1/namespaces/ns/rollouts/a/status',
  ],
  [{ resource: SERVICES, namespace: 'a/b', name: 'c' }, '/api/v1/namespaces/a%2Fb/services/c'],
])('the path of %j', (location, path) => {
  expect(pathOf(location)).toBe(path);
});

test.each(['', '.', '..'])('%p is no name in a path', (name) => {
  expect(() => pathOf({ resource: SERVICES, namespace: 'ns', name })).toThrow(RangeError);
});
