import { beforeEach, describe, expect, test } from '@jest/globals';
import type { MappingObject } from '@weir/activities';
import type { Change } from '@weir/kubernetes';
import { ORDER_ANNOTATION, OWNER_ANNOTATION, RUN_ANNOTATION, WEIGHT_ANNOTATION, type Order } from '@weir/rollout';
import { MappingNews, type MappingTold } from './mapping-news.ts';
import { INSTALLATION, canaryOf, rolloutWith, stableMapping } from './testing/objects.ts';

const ORDER: Order = { actor: 'ann', reason: 'errors', at: '2026-01-01T00:00:00Z', key: 'k1' };
const ordered = (order: object = ORDER) => ({ [ORDER_ANNOTATION]: JSON.stringify(order) });
const reported = (written: number) => ({
  annotations: { [RUN_ANNOTATION]: JSON.stringify({ weight: { intended: 30, written } }) },
});

describe('what is news of the Mappings of a Rollout', () => {
  let news: MappingNews;
  let version: number;
  beforeEach(() => {
    news = new MappingNews('c', INSTALLATION);
    version = 1;
  });

  const names = (told: readonly MappingTold[]): string[] =>
    told.map(({ rollout, order }) => [rollout.metadata.name, order?.key].filter(Boolean).join(' '));
  /** As a write: each has a resourceVersion of its own. */
  const happens = (type: Change<MappingObject>['type'], mapping: MappingObject): string[] => {
    const metadata = { ...mapping.metadata, resourceVersion: String(version++) };
    return names(news.mappingChanged({ type, object: { ...mapping, metadata } }));
  };
  /** A run at weight 30. */
  const given = (stable = stableMapping(), canary = canaryOf(stable, 30)): void => {
    news.rolloutChanged({ type: 'LISTED', object: rolloutWith(['main']) });
    happens('LISTED', stable);
    happens('LISTED', canary);
    news.listed();
  };

  const stable = stableMapping();
  test.each<[string, Change<MappingObject>['type'], MappingObject]>([
    ['the weight of the canary Mapping', 'MODIFIED', canaryOf(stable, 30, { spec: { weight: 90 } })],
    ['a weight that was taken off', 'MODIFIED', canaryOf(stable, 30, { spec: { weight: undefined } })],
    ['its service', 'MODIFIED', canaryOf(stable, 30, { spec: { service: 'other:80' } })],
    ['a field that only it has', 'MODIFIED', canaryOf(stable, 30, { spec: { timeout_ms: 9 } })],
    ['its labels', 'MODIFIED', canaryOf(stable, 30, { metadata: { labels: {} } })],
    [
      'its owner, taken off by hand',
      'MODIFIED',
      canaryOf(stable, 30, { annotations: { [OWNER_ANNOTATION]: undefined } }),
    ],
    ['the note of its weight', 'MODIFIED', canaryOf(stable, 30, { annotations: { [WEIGHT_ANNOTATION]: undefined } })],
    ['its owner reference', 'MODIFIED', canaryOf(stable, 30, { metadata: { ownerReferences: [] } })],
    ['the canary Mapping, deleted at a weight', 'DELETED', canaryOf(stable, 30)],
    [
      'the canary Mapping, deleted after its weight was edited to 0',
      'DELETED',
      canaryOf(stable, 30, { spec: { weight: 0 } }),
    ],
    ['a field of the stable Mapping', 'MODIFIED', stableMapping({ circuit_breakers: [{ max_connections: 1 }] })],
    ['a label of the stable Mapping', 'MODIFIED', stableMapping({}, { labels: { host: 'other' } })],
    ['a weight of the stable Mapping', 'MODIFIED', stableMapping({ weight: 50 })],
    ['the stable Mapping, made a redirect', 'MODIFIED', stableMapping({ host_redirect: true })],
    ['the stable Mapping, made a shadow', 'MODIFIED', stableMapping({ shadow: true })],
    ['the stable Mapping, with another service', 'MODIFIED', stableMapping({ service: 'elsewhere:80' })],
    ['the stable Mapping, deleted', 'DELETED', stable],
  ])('is %s', (_name, type, mapping) => {
    given();
    expect(happens(type, mapping)).toEqual(['app']);
  });

  describe("somebody else's Mapping on the route", () => {
    const intruder = (spec: object = {}, name = 'zzz') => stableMapping({ service: 'z:80', ...spec }, { name });
    const comes = (mapping: MappingObject): unknown[] =>
      news.mappingChanged({ type: 'ADDED', object: mapping }).map(({ isIntruded = false }) => isIntruded);

    test('is told of once, in whichever namespace it is, as a reason to look', () => {
      given();
      expect(comes(intruder())).toEqual([true]);
      expect(comes(intruder())).toEqual([]);
      const elsewhere = { ...intruder(), metadata: { name: 'zzz', namespace: 'elsewhere', resourceVersion: '9' } };
      expect(comes(elsewhere)).toEqual([true]);
    });

    test('is told of again when it has changed', () => {
      given();
      comes(intruder());
      const changed = intruder({ weight: 80 });
      expect(comes({ ...changed, metadata: { ...changed.metadata, resourceVersion: '99' } })).toEqual([true]);
    });

    test.each<[string, object]>([
      ['on another prefix', { prefix: '/other/' }],
      ['for requests with a header', { headers: { 'x-canary': 'always' } }],
      ['that is a shadow', { shadow: true }],
      ['of another gateway', { ambassador_id: ['other'] }],
    ])('is no news %s', (_what, spec) => {
      given();
      expect(comes(intruder(spec))).toEqual([]);
    });

    test('is no news while no canary Mapping is there: the next run looks before its first weight', () => {
      news.rolloutChanged({ type: 'LISTED', object: rolloutWith(['main']) });
      happens('LISTED', stable);
      expect(comes(intruder())).toEqual([]);
    });

    test('that came before the canary Mapping, after the run had looked, is told of when that comes', () => {
      news.rolloutChanged({ type: 'LISTED', object: rolloutWith(['main']) });
      happens('LISTED', stable);
      comes(intruder());
      expect(comes(canaryOf(stable, 0))).toEqual([true]);
      expect(happens('MODIFIED', canaryOf(stable, 30))).toEqual([]);
    });
  });

  test('the canary Mapping that its run has deleted is no news when it goes, and one that is made after it is', () => {
    given();
    news.willDelete('uid of the first');
    const [first, second] = ['uid of the first', 'uid of the second'].map((uid) =>
      canaryOf(stable, 100, { metadata: { uid } }),
    ) as [MappingObject, MappingObject];
    expect(happens('MODIFIED', first)).toEqual([]);
    expect(happens('DELETED', first)).toEqual([]);
    expect(happens('ADDED', second)).toEqual([]);
    expect(happens('DELETED', second)).toEqual(['app']);
  });

  test('what was seen is all of it, in one version, or nothing', () => {
    const { apiVersion = '' } = stable;
    happens('LISTED', stable);
    expect(news.seen(apiVersion)).toBeUndefined();
    news.listed();
    expect(news.seen(apiVersion)?.map(({ metadata }) => metadata.name)).toEqual([stable.metadata.name]);
    expect(news.seen('getambassador.io/v2')).toBeUndefined();
    news.forgetMappings();
    expect(news.seen(apiVersion)).toBeUndefined();
  });

  test.each<[string, Change<MappingObject>['type'], MappingObject]>([
    ['a weight that Weir wrote itself', 'MODIFIED', canaryOf(stable, 60)],
    ['the canary Mapping, removed at weight 0 as at the end of an abort', 'DELETED', canaryOf(stable, 0)],
    ['an annotation of somebody’s', 'MODIFIED', canaryOf(stable, 30, { annotations: { 'example.com/note': 'x' } })],
    [
      'a status or a label of GitOps on the stable one',
      'MODIFIED',
      stableMapping({}, { labels: { host: 'api', 'argocd.argoproj.io/instance': 'x' } }),
    ],
    ['a Mapping that nobody lists', 'ADDED', stableMapping({ prefix: '/unrelated/' }, { name: 'unrelated' })],
    [
      'one of that name in another namespace',
      'MODIFIED',
      stableMapping({ weight: 9, prefix: '/e/' }, { namespace: 'elsewhere' }),
    ],
    [
      'a canary Mapping of another installation, whatever it is like',
      'MODIFIED',
      canaryOf(stable, 30, { spec: { weight: 90 }, owner: { installation: 'other/weir' } }),
    ],
    [
      'a canary Mapping of another Rollout',
      'MODIFIED',
      canaryOf(stable, 30, { spec: { weight: 90 }, owner: { workflowId: 'rollout/c/ns/other' } }),
    ],
  ])('is not %s', (_name, type, mapping) => {
    given();
    expect(happens(type, mapping)).toEqual([]);
  });

  test('is nothing while there is no canary Mapping: the stable one is its user’s', () => {
    news.rolloutChanged({ type: 'LISTED', object: rolloutWith(['main']) });
    expect(happens('LISTED', stable)).toEqual([]);
    expect(happens('MODIFIED', stableMapping({ weight: 50 }))).toEqual([]);
    expect(happens('DELETED', stable)).toEqual([]);
  });

  test('is not a Mapping without a spec', () => {
    given();
    const { metadata } = stableMapping({}, { name: 'bare' });
    expect(happens('ADDED', { metadata } as MappingObject)).toEqual([]);
  });

  test('is the same drift once, until somebody writes again', () => {
    given();
    const edited = canaryOf(stable, 30, { spec: { weight: 90 } });
    const object = { ...edited, metadata: { ...edited.metadata, resourceVersion: '50' } };
    expect(news.mappingChanged({ type: 'MODIFIED', object })).toHaveLength(1);
    expect(news.mappingChanged({ type: 'MODIFIED', object })).toEqual([]);
    expect(news.rolloutChanged({ type: 'MODIFIED', object: rolloutWith(['main'], { resourceVersion: '9' }) })).toEqual(
      [],
    );
    expect(happens('MODIFIED', edited)).toEqual(['app']);
  });

  test('is the same drift again after it was repaired', () => {
    given();
    expect(happens('MODIFIED', canaryOf(stable, 30, { spec: { weight: 90 } }))).toEqual(['app']);
    expect(happens('MODIFIED', canaryOf(stable, 30))).toEqual([]);
    expect(happens('MODIFIED', canaryOf(stable, 30, { spec: { weight: 90 } }))).toEqual(['app']);
  });

  test('is what drifts when the list comes again', () => {
    given();
    const edited = canaryOf(stable, 30, { spec: { weight: 90 } });
    happens('MODIFIED', edited);
    expect(happens('LISTED', edited)).toEqual(['app']);
  });

  test('is no repair: the canary Mapping that sends its traffic to the stable Service waits for the stable one', () => {
    given();
    expect(happens('DELETED', stable)).toEqual(['app']);
    const waiting = canaryOf(stable, 30, { spec: { service: 'stable:80' } });
    expect(happens('MODIFIED', waiting)).toEqual([]);
    expect(happens('MODIFIED', { ...waiting, metadata: { ...waiting.metadata, resourceVersion: '99' } })).toEqual([]);
    expect(happens('ADDED', stable)).toEqual(['app']);
    expect(happens('MODIFIED', canaryOf(stable, 30))).toEqual([]);
  });

  test('is a stable Mapping that is missing when the worker starts, also when all was done for it', () => {
    news.rolloutChanged({ type: 'LISTED', object: rolloutWith(['main']) });
    expect(happens('LISTED', canaryOf(stable, 30, { spec: { service: 'stable:80' } }))).toEqual(['app']);
  });

  test('is what was seen before its Rollout', () => {
    happens('LISTED', stable);
    happens('LISTED', canaryOf(stable, 30, { spec: { weight: 90 } }));
    const told = news.rolloutChanged({ type: 'LISTED', object: rolloutWith(['main']) });
    expect(names(told)).toEqual(['app']);
  });

  test('is the canary Mapping of a stable one that is no longer listed, until it is gone', () => {
    given();
    news.rolloutChanged({ type: 'MODIFIED', object: rolloutWith(['another'], { generation: 2 }) });
    expect(happens('MODIFIED', canaryOf(stable, 30, { spec: { weight: 90 } }))).toEqual(['app']);
    expect(happens('DELETED', canaryOf(stable, 0))).toEqual([]);
  });

  test('is what concerns a Mapping that is listed since', () => {
    given();
    const two = stableMapping({ prefix: '/two/' }, { name: 'two' });
    happens('ADDED', two);
    news.rolloutChanged({ type: 'MODIFIED', object: rolloutWith(['main', 'two'], { generation: 2 }) });
    const unmarked = { annotations: { [OWNER_ANNOTATION]: undefined } };
    expect(happens('ADDED', canaryOf(two, 30, unmarked))).toEqual(['app']);
  });

  test('stays known while the spec cannot be read, and is read again when only annotations changed', () => {
    given();
    const broken = { ...rolloutWith([], { generation: 2 }), spec: { strategy: {} } };
    news.rolloutChanged({ type: 'MODIFIED', object: broken });
    expect(happens('MODIFIED', canaryOf(stable, 30, { spec: { weight: 90 } }))).toEqual(['app']);

    const refused = rolloutWith(['two'], { generation: 3, annotations: { 'weir.dev/drift-policy': 'what' } });
    news.rolloutChanged({ type: 'MODIFIED', object: refused });
    news.rolloutChanged({ type: 'MODIFIED', object: rolloutWith(['two'], { generation: 3 }) });
    const two = stableMapping({ prefix: '/two/' }, { name: 'two' });
    happens('ADDED', two);
    const unmarked = { annotations: { [OWNER_ANNOTATION]: undefined } };
    expect(happens('ADDED', canaryOf(two, 30, unmarked))).toEqual(['app']);
  });

  test('is nothing of a Rollout that is gone', () => {
    given();
    news.rolloutChanged({ type: 'DELETED', object: rolloutWith(['main']) });
    expect(happens('MODIFIED', canaryOf(stable, 30, { spec: { weight: 90 } }))).toEqual([]);
  });

  test('is of each Rollout on its own', () => {
    given();
    const other = { name: 'other', uid: 'u2' };
    news.rolloutChanged({ type: 'LISTED', object: rolloutWith(['two'], other) });
    const two = stableMapping({ prefix: '/two/' }, { name: 'two' });
    const owner = { workflowId: 'rollout/c/ns/other', rollout: other };
    happens('ADDED', two);
    happens('ADDED', canaryOf(two, 30, { owner }));
    expect(happens('MODIFIED', canaryOf(two, 30, { owner, spec: { weight: 90 } }))).toEqual(['other']);
  });

  describe('when canary Mappings were deleted while nobody watched', () => {
    test.each<[string, object, string[]]>([
      ['is that none is there, where the run has given them traffic', reported(30), ['app']],
      ['is nothing, where it has not yet', reported(0), []],
      ['is nothing, where no run has said anything', {}, []],
      ['is nothing, where the note is nobody’s JSON', { annotations: { [RUN_ANNOTATION]: 'oops' } }, []],
    ])('%s', (_name, metadata, expected) => {
      happens('LISTED', stable);
      expect(names(news.rolloutChanged({ type: 'LISTED', object: rolloutWith(['main'], metadata) }))).toEqual([]);
      expect(names(news.listed())).toEqual(expected);
      // The Rollouts may come after the Mappings, too.
      expect(names(news.rolloutChanged({ type: 'LISTED', object: rolloutWith(['main'], metadata) }))).toEqual(expected);
    });

    test('is nothing while the Mappings are not watched, and the same when they are again', () => {
      given();
      news.forgetMappings();
      const running = rolloutWith(['main'], reported(30));
      expect(names(news.rolloutChanged({ type: 'LISTED', object: running }))).toEqual([]);
      happens('LISTED', stable);
      expect(names(news.listed())).toEqual(['app']);
    });
  });

  describe('an order of the brake', () => {
    test('is delivered once, and not taken for a drift', () => {
      given();
      const braked = canaryOf(stable, 30, { spec: { weight: 0 }, annotations: ordered() });
      expect(happens('MODIFIED', braked)).toEqual(['app k1']);
      expect(happens('LISTED', canaryOf(stable, 0, { annotations: ordered() }))).toEqual([]);
    });

    test('is one for all Mappings of a Rollout', () => {
      given();
      const two = stableMapping({ prefix: '/two/' }, { name: 'two' });
      happens('ADDED', two);
      expect(happens('MODIFIED', canaryOf(stable, 0, { annotations: ordered() }))).toEqual(['app k1']);
      expect(happens('ADDED', canaryOf(two, 0, { annotations: ordered() }))).toEqual([]);
      expect(happens('MODIFIED', canaryOf(two, 0, { annotations: ordered({ ...ORDER, key: 'k2' }) }))).toEqual([
        'app k2',
      ]);
    });

    test('is taken from the Rollout where there was no canary Mapping', () => {
      const rollout = rolloutWith(['main'], { annotations: ordered() });
      expect(names(news.rolloutChanged({ type: 'LISTED', object: rollout }))).toEqual(['app k1']);
      expect(news.rolloutChanged({ type: 'MODIFIED', object: rollout })).toEqual([]);
    });

    test('does not hide what somebody does to the Mapping after it', () => {
      given();
      happens('MODIFIED', canaryOf(stable, 0, { annotations: ordered() }));
      expect(happens('MODIFIED', canaryOf(stable, 0, { spec: { weight: 50 }, annotations: ordered() }))).toEqual([
        'app',
      ]);
    });

    test('is none in somebody else’s text', () => {
      given();
      const canary = canaryOf(stable, 30, { annotations: { [ORDER_ANNOTATION]: 'stop!' } });
      expect(happens('MODIFIED', canary)).toEqual([]);
    });
  });
});
