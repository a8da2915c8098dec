import { describe, expect, test } from '@jest/globals';
import { CANARY_SUFFIX, canaryMappingName, rolloutLabelValue, stableMappingNameProblem, workflowId } from './names.ts';

describe('the name of a canary Mapping', () => {
  test.each(['app', 'app-v2', 'a', 'stable-mapping', 'app0', 'zz9'])(
    'sorts after %s in the order in which the gateway works',
    (stable) => {
      const key = (name: string): string => `${name}.default.1`;
      expect(key(canaryMappingName(stable)) > key(stable)).toBe(true);
    },
  );

  test('is refused for a stable name with a dot', () => {
    expect(() => canaryMappingName('app.v2')).toThrow(/dot/);
  });

  test('is never cut: the longest stable name leaves room for the suffix', () => {
    expect(canaryMappingName('a'.repeat(253 - CANARY_SUFFIX.length))).toHaveLength(253);
    expect(stableMappingNameProblem('a'.repeat(254 - CANARY_SUFFIX.length))).toMatch(/characters/);
  });
});

describe('the workflow id', () => {
  test('says cluster, namespace and name', () => {
    expect(workflowId({ cluster: 'c', namespace: 'ns', name: 'app' })).toBe('rollout/c/ns/app');
  });

  test('of long names ends at 200 characters and still tells them apart', () => {
    const of = (name: string): string => workflowId({ cluster: 'c', namespace: 'n'.repeat(63), name });
    expect(of('a'.repeat(253))).toHaveLength(200);
    expect(of('a'.repeat(253))).not.toBe(of(`${'a'.repeat(252)}b`));
  });
});

test('a label value holds 63 characters, and long names stay apart', () => {
  expect(rolloutLabelValue('app')).toBe('app');
  expect(rolloutLabelValue('a'.repeat(253)).length).toBeLessThanOrEqual(63);
  expect(rolloutLabelValue('a'.repeat(253))).not.toBe(rolloutLabelValue('a'.repeat(252)));
});
