import { beforeEach, describe, expect, it } from '@jest/globals';
import { revisionOf } from '@weir/rollout';
import { ClusterView } from './cluster-view.ts';
import { mapping, pod, service, slice } from './testing/objects.ts';

let view: ClusterView;

beforeEach(() => {
  view = new ClusterView();
  view.services.set(service('app'));
  view.pods.set(pod('app-1', { 'rollouts-pod-template-hash': 'abc', app: 'a' }));
  view.slices.set(slice('app-x', 'app', { 'app-1': true }));
});

describe('the endpoints of a Mapping', () => {
  it.each([
    ['app', undefined],
    ['app:80', undefined],
    ['http://app', undefined],
    ['app.shop', undefined],
    ['app.shop.svc.cluster.local:80', undefined],
    ['https://app', 'the Service shop/app has no port 443'],
    ['app:8080', 'the Service shop/app has no port 8080'],
    ['app.other', 'there is no Service other/app'],
    ['nothing', 'there is no Service shop/nothing'],
    ['http://[::1]', 'http://[::1] is no service'],
  ])('of service %s: %s', (name, problem) => {
    const found = view.endpointsOf(mapping('m', { service: name }));
    expect(found).toEqual(problem === undefined ? [{ pod: 'app-1', revision: 'abc' }] : { problem });
  });

  it('are those that are ready, or do not say, of all slices of the Service', () => {
    view.slices.set(slice('app-y', 'app', { 'app-2': false, 'app-3': null }));
    view.slices.set(slice('other', 'app-other', { 'app-4': true }));
    const found = view.endpointsOf(mapping('m'));
    expect(found).toEqual([
      { pod: 'app-1', revision: 'abc' },
      { pod: 'app-3', revision: null },
    ]);
  });

  it('follow the slices as they change', () => {
    view.slices.set(slice('app-x', 'app', { 'app-1': false }));
    expect(view.endpointsOf(mapping('m'))).toEqual({ problem: 'the Service shop/app has no ready endpoint' });
    view.slices.set(slice('app-x', 'app', { 'app-1': true }));
    expect(view.endpointsOf(mapping('m'))).toHaveLength(1);
    view.slices.delete(slice('app-x', 'app', {}));
    expect(view.endpointsOf(mapping('m'))).toEqual({ problem: 'the Service shop/app has no ready endpoint' });
  });

  it('of pods that somebody else runs have the revision of a Service that selects them', () => {
    view.pods.set(pod('app-1', { app: 'a', version: 'v2', 'pod-template-hash': '5d4f' }));
    expect(view.endpointsOf(mapping('m'))).toEqual([
      { pod: 'app-1', revision: revisionOf({ app: 'a', version: 'v2' }) },
    ]);
  });
});
