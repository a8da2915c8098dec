import { beforeEach, describe, expect, test } from '@jest/globals';
import { aCanary, aManifest, aRollout } from '../testing/builders.ts';
import { TrafficIndex } from './traffic-index.ts';

const KEY = { namespace: 'default', name: 'someapp' };
const WORKFLOW = 'rollout/local/default/someapp';

let index: TrafficIndex;
beforeEach(() => {
  index = new TrafficIndex();
});

const canaries = (workflowId = WORKFLOW): string[] =>
  index.canariesOf(workflowId).map(({ name, weight, uid }) => `${name} ${weight} ${uid}`);

describe('the canary Mappings of a run', () => {
  test('are all that say so, as they were seen last', () => {
    index.mappingChanged({ type: 'LISTED', object: aCanary({ name: 'a0-canary', weight: 0 }) });
    index.mappingChanged({ type: 'ADDED', object: aCanary({ name: 'b0-canary' }) });
    index.mappingChanged({ type: 'MODIFIED', object: aCanary({ name: 'a0-canary', weight: 60 }) });
    expect(canaries()).toEqual(['b0-canary 30 uid of b0-canary', 'a0-canary 60 uid of a0-canary']);
  });

  test('are not those of another run, of nobody, or in another namespace', () => {
    const workflowId = 'rollout/local/default/other';
    index.mappingChanged({ type: 'LISTED', object: aCanary({ workflowId }) });
    const { metadata, ...rest } = aCanary({ name: 'b0-canary' });
    index.mappingChanged({ type: 'LISTED', object: { ...rest, metadata: { ...metadata, annotations: {} } } });
    expect([canaries(), canaries(workflowId)]).toEqual([
      [],
      ['stable-mapping0-canary 30 uid of stable-mapping0-canary'],
    ]);
  });

  test.each<[string, () => void]>([
    ['is deleted', () => index.mappingChanged({ type: 'DELETED', object: aCanary() })],
    [
      'loses its owner by hand',
      () => {
        const { metadata, ...rest } = aCanary();
        index.mappingChanged({ type: 'MODIFIED', object: { ...rest, metadata: { ...metadata, annotations: {} } } });
      },
    ],
    [
      'gets another owner',
      () => index.mappingChanged({ type: 'MODIFIED', object: aCanary({ workflowId: 'rollout/x' }) }),
    ],
  ])('are without one that %s', (_, happens) => {
    index.mappingChanged({ type: 'ADDED', object: aCanary() });
    happens();
    expect(canaries()).toEqual([]);
  });

  test('have all the traffic where one has lost its weight', () => {
    const { spec, ...rest } = aCanary();
    index.mappingChanged({ type: 'ADDED', object: { ...rest, spec: { prefix: spec.prefix ?? '' } } });
    expect(index.canariesOf(WORKFLOW)).toMatchObject([{ weight: 100, revision: 'v2' }]);
  });
});

describe('a Rollout', () => {
  const service = () => index.rollout(KEY)?.spec?.stableService;
  const other = { spec: aManifest({ stableService: 'other' })['spec'] as object };

  test('is known with what its manifest says', () => {
    index.rolloutChanged({ type: 'LISTED', object: aRollout() });
    expect(index.rollout(KEY)).toMatchObject({ uid: 'uid-1', spec: { stableService: 'someapp-stable' } });
    expect(index.rollout({ ...KEY, namespace: 'elsewhere' })).toBeUndefined();
  });

  test('is read again when its generation changes, or it is another object', () => {
    index.rolloutChanged({ type: 'LISTED', object: aRollout() });
    index.rolloutChanged({ type: 'MODIFIED', object: aRollout({ ...other, generation: 2 }) });
    expect(service()).toBe('other');
    index.rolloutChanged({ type: 'LISTED', object: aRollout({ generation: 2, metadata: { uid: 'uid-2' } }) });
    expect(service()).toBe('someapp-stable');
  });

  test('is not known when it is deleted', () => {
    index.rolloutChanged({ type: 'LISTED', object: aRollout() });
    index.rolloutChanged({ type: 'DELETED', object: aRollout() });
    expect(index.rollout(KEY)).toBeUndefined();
  });

  test('that cannot be read is known as such', () => {
    index.rolloutChanged({ type: 'LISTED', object: aRollout({ spec: { strategy: {} } }) });
    expect(index.rollout(KEY)).toEqual({ uid: 'uid-1', generation: 1, spec: undefined });
  });
});
