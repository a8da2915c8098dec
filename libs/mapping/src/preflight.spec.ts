import { describe, expect, test } from '@jest/globals';
import { canaryMapping } from './canary.ts';
import { adoptable, preflight, type PreflightInput } from './preflight.ts';
import { host, mapping, withoutHost } from './testing/mappings.ts';
import { sharesTraffic } from './traffic.ts';
import type { Mapping } from './types.ts';

const OWNER = {
  installation: 'uuid/weir',
  workflowId: 'rollout/c/default/app',
  runId: 'r',
  rollout: { name: 'app', uid: 'u' },
};
const STABLE = mapping('app');
const BREAKERS = { circuit_breakers: [{ max_requests: 10 }] };

function input(allMappings: readonly Mapping[], more: Partial<PreflightInput> = {}): PreflightInput {
  return { namespace: 'default', stableMappings: ['app'], stableService: 'app', owner: OWNER, allMappings, ...more };
}

const reasons = (...args: Parameters<typeof input>): string[] => preflight(input(...args)).map(({ reason }) => reason);

describe('a canary Mapping that Argo Rollouts left', () => {
  const left = mapping('app-canary', { service: 'app-canary:80', weight: 20 });

  test('is named with its weight and with what to do', () => {
    expect(preflight(input([STABLE, left]))).toEqual([
      {
        reason: 'ArgoCanaryMappingLeft',
        message: expect.stringMatching(/default\/app-canary.*with weight 20: delete it/),
      },
    ]);
    expect(preflight(input([STABLE, left]))[0]?.message).toMatch(/\?adopt=true \(annotation weir.dev\/adopt: "true"\)/);
  });

  test('is named without a weight, too: it takes half', () => {
    expect(preflight(input([STABLE, mapping('app-canary')]))[0]?.message).toMatch(/without a weight/);
  });

  test('is in nobody’s way when it is adopted, also one that makes the gateway drop the stable Mapping now', () => {
    for (const one of [left, mapping('app-canary', { ...BREAKERS, weight: 20 })]) {
      expect(preflight(input([STABLE, one], { adopt: true }))).toEqual([]);
      expect(adoptable(input([STABLE, one], { adopt: true }))).toEqual(['app-canary']);
    }
  });

  test('is not adopted by somebody who did not ask for it', () => {
    expect(adoptable(input([STABLE, left]))).toEqual([]);
  });

  test.each<[string, Mapping]>([
    ['of another route', mapping('app-canary', { prefix: '/other' })],
    ['of another namespace', mapping('app-canary', {}, { namespace: 'other' })],
    ['of another name', mapping('app-canary-2')],
    ['that is a shadow', mapping('app-canary', { shadow: true })],
    ['that is somebody’s canary', mapping('app-canary', {}, { annotations: ownerOf('other') })],
  ])('is none %s', (_name, other) => {
    expect(reasons([STABLE, other])).not.toContain('ArgoCanaryMappingLeft');
    expect(adoptable(input([STABLE, other], { adopt: true }))).toEqual([]);
  });

  test('is none that the Rollout lists as stable itself', () => {
    const listed = input([STABLE, left], { stableMappings: ['app', 'app-canary'], adopt: true });
    expect(adoptable(listed)).toEqual([]);
    expect(preflight(listed).map(({ reason }) => reason)).toContain('AmbassadorMappingShared');
  });

  test('has a long name cut to 246 characters', () => {
    const [long, cut] = ['a'.repeat(245), 'b'.repeat(245)];
    expect(
      adoptable(input([mapping(long), mapping(`${long}-canary`)], { stableMappings: [long], adopt: true })),
    ).toEqual([`${long}-canary`]);
    const tooLong = `${cut}bb`;
    const given = input([mapping(tooLong), mapping(`${cut}b-canary`)], { stableMappings: [tooLong], adopt: true });
    expect(adoptable(given)).toEqual([`${cut}b-canary`]);
  });

  test('is adopted for each stable Mapping that has one', () => {
    const second = mapping('two', { prefix: '/two', service: 'app' });
    const given = [STABLE, left, second, mapping('two-canary', { prefix: '/two' })];
    expect(adoptable(input(given, { stableMappings: ['app', 'two'], adopt: true }))).toEqual([
      'app-canary',
      'two-canary',
    ]);
  });

  function ownerOf(workflowId: string): object {
    return { 'weir.dev/owner': JSON.stringify({ ...OWNER, workflowId }) };
  }
});

describe('what the gateway would not serve', () => {
  const refused = (...args: Parameters<typeof input>): string[] =>
    preflight(input(...args)).map(({ reason, message }) => `${reason}: ${message}`);

  test('a gateway that is frozen by the negative weight of another Mapping takes no change', () => {
    const frozen = [mapping('x', { prefix: '/x' }), mapping('y', { prefix: '/x', weight: -5 })];
    expect(refused([STABLE, ...frozen])).toEqual([
      expect.stringMatching(/^GatewayWouldNotServe: the gateway takes no change at all.*default\/[xy] comes to -5/),
    ]);
    const two = mapping('two', { prefix: '/two', service: 'app' });
    expect(refused([STABLE, two, ...frozen], { stableMappings: ['app', 'two'] })).toHaveLength(1);
  });

  test('a negative weight on a gateway that does not serve the stable Mapping is none of its business', () => {
    const other = { ambassador_id: ['other'], prefix: '/x' };
    const frozen = [mapping('x', other), mapping('y', { ...other, weight: -5 })];
    expect(refused([STABLE, ...frozen])).toEqual([]);
    const both = mapping('app', { ambassador_id: ['default', 'other'] });
    expect(refused([both, ...frozen])).toHaveLength(1);
  });

  test('a canary of ours that somebody gave a negative weight is put right by the run', () => {
    const ours = canaryMapping(STABLE, { canaryService: 'c', owner: OWNER, sequence: 0, weight: -5, revision: 'x' });
    expect(refused([STABLE, ours])).toEqual([]);
  });

  test('a stable Mapping that is dropped because a shadow before it has other circuit_breakers', () => {
    const shadow = mapping('a-mirror', { ...BREAKERS, shadow: true });
    expect(refused([STABLE, shadow])).toEqual([
      expect.stringMatching(/^GatewayWouldNotServe: .*the stable Mapping app: .*mismatched circuit_breakers/),
    ]);
  });

  test('a shadow after it is no danger', () => {
    expect(refused([STABLE, mapping('z-mirror', { shadow: true })])).toEqual([]);
    expect(refused([STABLE, mapping('z-mirror', { ...BREAKERS, shadow: true })])).toEqual([]);
  });

  test('a canary that a Host would not select, because the label is one that no canary keeps', () => {
    const labels = { 'app.kubernetes.io/instance': 'app' };
    const stable = withoutHost('app', labels);
    expect(refused([stable], { hosts: [host('a.example', labels), host('b.example', {})] })).toEqual([
      expect.stringMatching(/^GatewayWouldNotServe: .*their labels put them on routes of different Hosts/),
    ]);
  });

  test('a stable Mapping that a Host selects, with its canary, is served', () => {
    const hosts = [host('a.example', { host: 'a' })];
    expect(refused([withoutHost('app', { host: 'a' })], { hosts })).toEqual([]);
  });

  test.each<[string, Mapping, PreflightInput['hosts']]>([
    ['in v3alpha1 without a hostname, Hosts not known', withoutHost('app'), undefined],
    ['in v3alpha1 without a hostname, and there is no Host', withoutHost('app'), []],
    ['with labels that no Host asks for', withoutHost('app', { host: 'b' }), [host('a.example', { host: 'a' })]],
    ['with a hostname that no Host has', mapping('app', { hostname: 'b.example' }), [host('a.example')]],
  ])('is not claimed of a stable Mapping that may only look unserved: %s', (_name, stable, hosts) => {
    expect(refused([stable], hosts && { hosts })).toEqual([]);
  });

  test('is not said where another problem says why', () => {
    expect(reasons([STABLE, mapping('a-first', BREAKERS)])).toEqual(['AmbassadorMappingShared']);
  });
});

describe('Hosts that are known', () => {
  const hosts = [host('a.example', { host: 'a' }), host('b.example', { host: 'b' })];
  const [a, b] = [withoutHost('app', { host: 'a' }), withoutHost('other', { host: 'b' })];

  test('tell Mappings apart that look alike', () => {
    expect(reasons([a, b])).toEqual(['AmbassadorMappingShared']);
    expect(reasons([a, b], { hosts })).toEqual([]);
    expect(sharesTraffic(a, b)).toBe(true);
    expect(sharesTraffic(a, b, hosts)).toBe(false);
  });

  test('that select both, or neither, do not', () => {
    expect(sharesTraffic(a, withoutHost('other', { host: 'a', team: 'x' }), hosts)).toBe(true);
    expect(sharesTraffic(withoutHost('app'), withoutHost('other'), hosts)).toBe(true);
  });

  test('count only on a gateway that serves both Mappings', () => {
    const others = hosts.map((one) => ({ ...one, spec: { ...one.spec, ambassador_id: ['other'] } }));
    expect(sharesTraffic(a, b, others)).toBe(true);
  });

  test('one of v2 without a host shares with one of v3alpha1 for every host', () => {
    const v2 = { ...withoutHost('app'), apiVersion: 'getambassador.io/v2' };
    expect(sharesTraffic(v2, mapping('other'), hosts)).toBe(true);
  });
});
