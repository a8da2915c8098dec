import { describe, expect, test } from '@jest/globals';
import { parseManifest, parseSpec } from './parse.ts';
import { manifestWith as manifest, specWith, TARGET } from './testing.ts';

function errorsOf(input: unknown): string[] {
  const parsed = parseManifest(input, TARGET);
  return parsed.ok ? [] : parsed.errors.map(({ path, message }) => `${path}: ${message}`);
}

const STEPS = 'spec.strategy.canary.steps';

describe('a manifest as Argo users have it', () => {
  test('is read into what a run needs', () => {
    const parsed = parseManifest(manifest(), TARGET);
    expect(parsed).toMatchObject({
      ok: true,
      spec: {
        stableService: 'someapp-stable',
        canaryService: 'someapp-canary',
        mappings: ['stable-mapping'],
        steps: [
          { kind: 'setWeight', weight: 30 },
          { kind: 'pause', durationMs: 60_000 },
          { kind: 'setWeight', weight: 60 },
          { kind: 'pause' },
        ],
      },
    });
  });

  test('is stored under the name of the address, with the label that keeps Argo off it', () => {
    const parsed = parseManifest(manifest({}, { metadata: { labels: { team: 'a' } } }), TARGET);
    expect(parsed.ok && parsed.rollout.metadata).toEqual({
      name: 'someapp',
      namespace: 'default',
      labels: { team: 'a', 'argo-rollouts.argoproj.io/controller-instance-id': 'weir' },
    });
  });

  test('may be one that kubectl printed, with what the API server wrote into it', () => {
    const metadata = {
      name: 'someapp',
      uid: 'u',
      resourceVersion: '1',
      generation: 2,
      creationTimestamp: 'x',
      managedFields: [],
      ownerReferences: [],
      annotations: { team: 'a', 'weir.dev/run': '{}', 'weir.dev/gateway-settle-seconds': '7' },
    };
    const parsed = parseManifest(manifest({}, { metadata, status: { phase: 'Healthy' } }), TARGET);
    expect(parsed.ok && Object.keys(parsed.rollout)).toEqual(['apiVersion', 'kind', 'metadata', 'spec']);
    expect(parsed.ok && parsed.rollout.metadata).toMatchObject({
      uid: 'u',
      resourceVersion: '1',
    });
    expect(parsed.ok && parsed.rollout.metadata.annotations).toEqual({
      team: 'a',
      'weir.dev/gateway-settle-seconds': '7',
    });
  });

  test.each([
    ['absent', { ambassador: {} }],
    ['empty', { ambassador: { mappings: [] } }],
  ])('is stored although its mappings are %s: its run tells why it aborts', (_name, trafficRouting) => {
    expect(errorsOf(manifest({ trafficRouting }))).toEqual([]);
  });

  test('may have no steps', () => {
    expect(errorsOf(manifest({ steps: undefined }))).toEqual([]);
  });
});

describe('bad input is refused with the field and what would be right', () => {
  test.each<[string, unknown, string, RegExp]>([
    ['nothing', null, '', /must be a Rollout/],
    ['a list', [], '', /must be a Rollout/],
    ['another kind', manifest({}, { kind: 'Deployment' }), 'kind', /must be Rollout/],
    ['another API version', manifest({}, { apiVersion: 'v1' }), 'apiVersion', /argoproj\.io/],
    ['a step with two kinds', manifest({ steps: [{ setWeight: 1, pause: {} }] }), `${STEPS}[0]`, /exactly one/],
    [
      'a step with none',
      manifest({ steps: [{}] }),
      `${STEPS}[0]`,
      /exactly one of setWeight, pause, setCanaryScale; it has none/,
    ],
    ['a pause that is nothing', manifest({ steps: [{ pause: null }] }), `${STEPS}[0].pause`, /\{\}/],
    ...[101, -5, 12.5, '30', null, true].map((weight): [string, unknown, string, RegExp] => [
      `weight ${JSON.stringify(weight)}`,
      manifest({ steps: [{ setWeight: weight }] }),
      `${STEPS}[0].setWeight`,
      /integer from 0 to 100/,
    ]),
    ...[0, '-1s', -1, 'soon', '', null, 1.5].map((duration): [string, unknown, string, RegExp] => [
      `duration ${JSON.stringify(duration)}`,
      manifest({ steps: [{ pause: { duration } }] }),
      `${STEPS}[0].pause.duration`,
      /whole seconds/,
    ]),
    [
      'the same Service twice',
      manifest({ canaryService: 'someapp-stable' }),
      'spec.strategy.canary.canaryService',
      /another Service/,
    ],
    [
      'the same Mapping twice',
      manifest({ trafficRouting: { ambassador: { mappings: ['a', 'b', 'a'] } } }),
      'spec.strategy.canary.trafficRouting.ambassador.mappings[2]',
      /listed already, at mappings\[0\]/,
    ],
    [
      'a Mapping name with a dot',
      manifest({ trafficRouting: { ambassador: { mappings: ['a.b'] } } }),
      'spec.strategy.canary.trafficRouting.ambassador.mappings[0]',
      /has a dot/,
    ],
    [
      'a Mapping name that leaves no room for the suffix',
      manifest({ trafficRouting: { ambassador: { mappings: ['a'.repeat(246)] } } }),
      'spec.strategy.canary.trafficRouting.ambassador.mappings[0]',
      /245/,
    ],
    [
      'a Mapping whose canary is another listed one',
      manifest({ trafficRouting: { ambassador: { mappings: ['a', 'a0-canary'] } } }),
      'spec.strategy.canary.trafficRouting.ambassador.mappings[0]',
      /name of another listed Mapping/,
    ],
    [
      'a Service name over its limit',
      manifest({ stableService: 's'.repeat(64) }),
      'spec.strategy.canary.stableService',
      /63/,
    ],
    ['a missing Service', manifest({ stableService: undefined }), 'spec.strategy.canary.stableService', /is required/],
    [
      'another router',
      manifest({ trafficRouting: { nginx: {} } }),
      'spec.strategy.canary.trafficRouting.nginx',
      /not supported yet/,
    ],
    [
      'a blue-green strategy',
      { spec: { strategy: { blueGreen: {} } } },
      'spec.strategy.blueGreen',
      /not supported yet/,
    ],
    ['limits of AnalysisRuns', manifest({}, {}, { analysis: {} }), 'spec.analysis', /not supported yet/],
    ['a background analysis', manifest({ analysis: {} }), 'spec.strategy.canary.analysis', /not supported yet/],
    ['ping-pong Services', manifest({ pingPong: {} }), 'spec.strategy.canary.pingPong', /not supported yet/],
    ...['analysis', 'experiment', 'plugin', 'setHeaderRoute', 'setMirrorRoute'].map(
      (kind): [string, unknown, string, RegExp] => [
        `the step ${kind}`,
        manifest({ steps: [{ [kind]: {} }] }),
        `${STEPS}[0].${kind}`,
        /not supported yet/,
      ],
    ),
    ['no kind', manifest({}, { kind: undefined }), 'kind', /is required: must be Rollout/],
    [
      'a settle time that is no number',
      manifest({}, { metadata: { annotations: { 'weir.dev/gateway-settle-seconds': '5s' } } }),
      'metadata.annotations["weir.dev/gateway-settle-seconds"]',
      /whole seconds/,
    ],
    ['an unknown field', manifest({ stepz: [] }), 'spec.strategy.canary.stepz', /is not a field/],
    [
      'another controller',
      manifest({}, { metadata: { labels: { 'argo-rollouts.argoproj.io/controller-instance-id': 'x' } } }),
      'metadata.labels["argo-rollouts.argoproj.io/controller-instance-id"]',
      /another controller/,
    ],
    [
      'another name than the address',
      manifest({}, { metadata: { name: 'other' } }),
      'metadata.name',
      /the address says someapp/,
    ],
    [
      'another namespace',
      manifest({}, { metadata: { namespace: 'other' } }),
      'metadata.namespace',
      /the address says default/,
    ],
  ])('%s', (_name, input, path, message) => {
    const parsed = parseManifest(input, TARGET);
    const found = parsed.ok ? [] : parsed.errors.filter((error) => error.path === path);
    expect(found.map((error) => error.message)).toEqual([expect.stringMatching(message)]);
  });

  test('and what is unknown is not reported as missing too', () => {
    expect(errorsOf(manifest({ steps: [{ analysis: {} }] }))).toEqual([`${STEPS}[0].analysis: is not supported yet`]);
  });

  test('all at once, not only the first', () => {
    const input = manifest({ steps: [{ setWeight: 101 }, { pause: { duration: 'soon' } }, {}], extra: 1 });
    expect(errorsOf(input)).toHaveLength(4);
  });

  test('rules between fields are among them, although a field is wrong', () => {
    const canary = { canaryService: 'someapp-stable', steps: [{ setWeight: 101 }], maxSurge: 0, maxUnavailable: '0%' };
    expect(errorsOf(manifest(canary, {}, { replicas: -1 })).map((error) => error.split(': ')[0])).toEqual([
      'spec.replicas',
      'spec.strategy.canary.steps[0].setWeight',
      'spec.replicas',
      'spec.strategy.canary.maxSurge',
      'spec.strategy.canary.maxUnavailable',
      'spec.strategy.canary.canaryService',
      'spec.strategy.canary.maxSurge',
    ]);
  });
});

describe('a stored spec', () => {
  test('is read with paths from the object', () => {
    const parsed = parseSpec({ strategy: { canary: { steps: [{ setWeight: 101 }] } } });
    expect(!parsed.ok && parsed.errors.map(({ path }) => path)).toContain('spec.strategy.canary.steps[0].setWeight');
  });

  test('that moves traffic only has the JSON that open runs know', () => {
    const parsed = parseSpec(specWith(), { 'weir.dev/gateway-settle-seconds': '0' });
    expect(JSON.stringify(parsed)).toBe(
      '{"ok":true,"spec":{"stableService":"someapp-stable","canaryService":"someapp-canary","mappings":["stable-mapping"],' +
        '"steps":[{"kind":"setWeight","weight":30},{"kind":"pause","durationMs":60000},{"kind":"setWeight","weight":60},' +
        '{"kind":"pause"}]}}',
    );
  });

  test.each([
    ['is held', true, { paused: true }],
    ['is not held', false, {}],
  ])('whose paused says that it %s says so', (_name, paused, expected) => {
    const parsed = parseSpec(specWith({ steps: [] }, { paused }));
    expect(parsed.ok && parsed.spec).toEqual({
      stableService: 'someapp-stable',
      canaryService: 'someapp-canary',
      mappings: ['stable-mapping'],
      steps: [],
      ...expected,
    });
  });

  test.each(['', '-1', '1.5', '5s', ' 5', '2147483648'])(
    'is refused with the settle time %j in its annotations',
    (text) => {
      const parsed = parseSpec(specWith(), { 'weir.dev/gateway-settle-seconds': text });
      expect(!parsed.ok && parsed.errors).toEqual([
        {
          path: 'metadata.annotations["weir.dev/gateway-settle-seconds"]',
          message: 'must be whole seconds from 0 to 2147483647, as text: "5"',
        },
      ]);
    },
  );
});
