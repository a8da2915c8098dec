import { describe, expect, test } from '@jest/globals';
import type { EndpointSlice } from '@weir/activities';
import { SeenEndpoints } from './seen-endpoints.ts';

function slice(name: string, pods: readonly string[], service = 'web', namespace = 'ns'): EndpointSlice {
  return {
    metadata: { name, namespace, labels: { 'kubernetes.io/service-name': service } },
    endpoints: [
      ...pods.map((pod) => ({ conditions: { ready: true }, targetRef: { kind: 'Pod', name: pod } })),
      { conditions: { ready: false }, targetRef: { kind: 'Pod', name: 'starting' } },
    ],
  };
}

/** Somebody who waits for the endpoints of ns/web, and what they were told. */
function following(seen: SeenEndpoints) {
  const told: string[] = [];
  const stop = new AbortController();
  seen.follow({
    namespace: 'ns',
    service: 'web',
    onReady: (pods) => told.push(pods.join(' ')),
    onBreak: (error) => told.push(String(error)),
    signal: stop.signal,
  });
  return { told, stop: () => stop.abort() };
}

describe('the endpoints that the watch has seen', () => {
  test('are told when all have come, and with each change', () => {
    const seen = new SeenEndpoints();
    const { told } = following(seen);
    seen.changed({ type: 'LISTED', object: slice('web-1', ['a', 'b']) });
    seen.changed({ type: 'LISTED', object: slice('web-2', ['c']) });
    expect(told).toEqual([]);
    seen.listed();
    seen.changed({ type: 'MODIFIED', object: slice('web-1', ['b']) });
    seen.changed({ type: 'DELETED', object: slice('web-2', ['c']) });
    expect(told).toEqual(['a b c', 'b c', 'b']);
  });

  test('are told at once to who comes later', () => {
    const seen = new SeenEndpoints();
    seen.changed({ type: 'LISTED', object: slice('web-1', ['a']) });
    seen.listed();
    expect(following(seen).told).toEqual(['a']);
  });

  test('are none for a Service that has no EndpointSlice', () => {
    const seen = new SeenEndpoints();
    seen.listed();
    expect(following(seen).told).toEqual(['']);
  });

  test('are told of the Service that was asked for only', () => {
    const seen = new SeenEndpoints();
    seen.listed();
    const { told } = following(seen);
    seen.changed({ type: 'ADDED', object: slice('other-1', ['a'], 'other') });
    seen.changed({ type: 'ADDED', object: slice('web-1', ['a'], 'web', 'elsewhere') });
    expect(told).toEqual(['']);
  });

  test('are told to nobody who no longer waits, and to everybody else who does', () => {
    const seen = new SeenEndpoints();
    seen.listed();
    const [first, second] = [following(seen), following(seen)];
    first.stop();
    seen.changed({ type: 'ADDED', object: slice('web-1', ['a']) });
    expect([first.told, second.told]).toEqual([[''], ['', 'a']]);
  });

  test('are not known while the watch is broken: whoever waits is told why', () => {
    const seen = new SeenEndpoints();
    const { told } = following(seen);
    seen.broke(new Error('endpointslices is forbidden'));
    expect(told).toEqual(['Error: endpointslices is forbidden']);
  });
});
