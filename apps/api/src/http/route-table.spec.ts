import { describe, expect, test } from '@jest/globals';
import { methodsOf } from './route-table.ts';

const TABLE = new Map([
  ['/v1/rollouts', new Set(['GET', 'HEAD'])],
  ['/v1/namespaces/:namespace/rollouts/:name', new Set(['PUT', 'GET', 'HEAD', 'DELETE'])],
  ['/docs/*', new Set(['GET'])],
]);

describe('methods that a path takes', () => {
  test.each([
    ['/v1/rollouts', ['GET', 'HEAD']],
    ['/v1/namespaces/default/rollouts/someapp', ['DELETE', 'GET', 'HEAD', 'PUT']],
    ['/v1/namespaces/default/rollouts/', []],
    ['/v1/nothing', []],
    ['/docs/anything', []],
  ])('%s: %j', (path, methods) => {
    expect(methodsOf(TABLE, path)).toEqual(methods);
  });
});
