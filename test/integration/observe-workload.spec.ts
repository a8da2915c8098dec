import { describe, expect, test } from '@jest/globals';
import { POD_TEMPLATES, ROLLOUTS, type KubernetesObject, type Resource } from '@weir/kubernetes';
import { POD_TEMPLATE_HASH_LABEL } from '@weir/rollout';
import { DEPLOYMENTS, REPLICA_SETS, SERVICES, deployment } from '../support/objects.ts';
import { useSandbox } from '../support/shared.ts';
import { APP_LABELS, SERVICE, templateOf } from '../support/workload-app.ts';
import { Workbench, does } from './workbench.ts';

const TEST_TIMEOUT_MS = 60_000;
const used = useSandbox('--no-worker', '--no-api');
const given = (app = {}): Promise<Workbench> => Workbench.given(used.cluster, app);

/** A manifest that takes its pods from something else. */
const fromRef = (kind: string, apiVersion = 'apps/v1') => ({
  template: undefined,
  selector: kind === 'PodTemplate' ? { matchLabels: APP_LABELS } : undefined,
  workloadRef: { apiVersion, kind, name: 'theirs' },
});

describe('given a Rollout with a template, when it is looked at', () => {
  test(
    'for the first time, then nothing is stable, and its template is wanted',
    async () => {
      const bench = await given({ replicas: 3 });
      const observation = await bench.observe();
      expect(observation).toMatchObject({
        problems: [],
        rollout: { generation: 1, owned: true, spec: { workload: { replicas: 3 } } },
        workload: { revisions: [], services: {}, selector: 'app=someapp' },
      });
      expect(observation.revision).toEqual({ stable: '', canary: expect.stringMatching(/^[0-9a-z]+$/) });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'then stable is what the stable Service selects, else what the status says, if there is such a ReplicaSet',
    async () => {
      const bench = await given();
      await bench.deployed(1);
      const first = await bench.wanted();
      await bench.when({ image: '2' });
      await bench.scale(1);
      const second = await bench.wanted();
      const stable = async () => (await bench.observe()).revision?.stable;

      expect(await stable()).toBe('');
      await bench.patch(ROLLOUTS, 'someapp', { status: { stableRS: first } }, 'status');
      expect(await stable()).toBe(first);
      await select(bench, 'nobody-knows-it');
      expect(await stable()).toBe(first);
      await select(bench, second);
      expect(await stable()).toBe(second);
      await bench.patch(ROLLOUTS, 'someapp', { status: { stableRS: 'nobody-knows-it' } }, 'status');
      await bench.delete(SERVICES, SERVICE.stable);
      const observation = await bench.observe();
      expect(observation.revision?.stable).toBe('');
      expect(observation.problems).toEqual([
        { reason: 'ServiceNotFound', message: `Service ${SERVICE.stable} does not exist` },
      ]);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'then it tells pods of each revision, and what each Service selects',
    async () => {
      const bench = await given();
      await bench.deployed(2);
      const hash = await bench.wanted();
      await select(bench, hash);
      const { workload } = await bench.observe();
      expect(workload).toMatchObject({
        revisions: [{ hash, name: `someapp-${hash}`, number: 1, replicas: 2, pods: 2, ready: 2, available: 2 }],
        services: { stable: hash },
      });
      expect(Object.keys(workload?.services ?? {})).toEqual(['stable']);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'then ReplicaSets of others are none of it, whatever their labels',
    async () => {
      const bench = await given();
      const labels = { ...APP_LABELS, [POD_TEMPLATE_HASH_LABEL]: 'abc' };
      const template = { ...templateOf({}), metadata: { labels } };
      const theirs = { metadata: { name: 'theirs', labels }, spec: { selector: { matchLabels: labels }, template } };
      await bench.create(REPLICA_SETS, theirs);
      expect((await bench.observe()).workload?.revisions).toEqual([]);
    },
    TEST_TIMEOUT_MS,
  );
});

describe('given a Rollout with a workloadRef, when it is looked at', () => {
  const { template } = (deployment('theirs', APP_LABELS) as KubernetesObject & { spec: { template: object } }).spec;
  const objects: [string, Resource, string, object][] = [
    ['Deployment', DEPLOYMENTS, 'apps/v1', { spec: { selector: { matchLabels: APP_LABELS }, template } }],
    ['ReplicaSet', REPLICA_SETS, 'apps/v1', { spec: { selector: { matchLabels: APP_LABELS }, template } }],
    ['PodTemplate', POD_TEMPLATES, 'v1', { template }],
  ];

  test.each(objects)(
    'then the template of the %s is wanted, with its selector',
    async (kind, resource, apiVersion, object) => {
      const bench = await given({ spec: fromRef(kind, apiVersion) });
      await bench.create(resource, { metadata: { name: 'theirs' }, ...object });
      const observation = await bench.observe();
      expect(observation).toMatchObject({ problems: [], workload: { selector: 'app=someapp' } });
      expect(observation.workload?.referenced).toEqual(
        kind === 'Deployment' ? { generation: 1, replicas: 1 } : undefined,
      );
      await bench.deployed(1);
      const [pod] = await bench.pods(observation.revision?.canary ?? '');
      expect(pod).toMatchObject({ spec: { containers: [{ image: 'app:1' }] } });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'then another template of it is another revision',
    async () => {
      const bench = await given({ spec: fromRef('Deployment') });
      await bench.create(DEPLOYMENTS, deployment('theirs', APP_LABELS));
      const first = await bench.wanted();
      await bench.deployed(1);
      await bench.patch(DEPLOYMENTS, 'theirs', {
        spec: { template: { spec: { containers: [{ name: 'app', image: 'app:2' }] } } },
      });
      const observation = await bench.observe();
      expect(observation.revision?.canary).not.toBe(first);
      expect(observation.workload?.referenced?.generation).toBe(2);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'to something that is not there, then that is said, and what runs is still known',
    async () => {
      const bench = await given({ spec: fromRef('Deployment') });
      await bench.create(DEPLOYMENTS, deployment('theirs', APP_LABELS));
      const hash = await bench.wanted();
      await bench.deployed(1);
      await select(bench, hash);
      await bench.delete(DEPLOYMENTS, 'theirs');
      const observation = await bench.observe();
      expect(observation.problems).toMatchObject([
        { reason: 'WorkloadNotFound', message: expect.stringMatching(/^Deployment theirs does not exist/) },
      ]);
      expect(observation).toMatchObject({
        revision: { stable: hash, canary: '' },
        workload: { revisions: [{ hash }] },
      });
      await expect(
        does(bench.activities.scaleReplicaSets, {
          ...bench.run,
          wanted: 'new',
          targets: [{ podTemplateHash: 'new', replicas: 1 }],
        }),
      ).rejects.toMatchObject({ details: [{ reason: 'RolloutSuperseded' }] });
    },
    TEST_TIMEOUT_MS,
  );
});

describe('the CustomResourceDefinition', () => {
  const labels = { matchLabels: { app: 'another' } };
  const expression = { matchExpressions: [{ key: 'app', operator: 'In', values: ['someapp'] }] };

  test.each([
    ['another label', { ...labels }],
    ['one more requirement', { ...expression }],
  ])(
    'refuses a selector that changes to %s',
    async (_what, selector) => {
      const bench = await given();
      await expect(bench.patch(ROLLOUTS, 'someapp', { spec: { selector } })).rejects.toMatchObject({
        status: 422,
        message: expect.stringContaining('cannot be changed'),
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'accepts the same selector again, and anything else beside it',
    async () => {
      const bench = await given();
      const selector = { matchLabels: APP_LABELS };
      await bench.patch(ROLLOUTS, 'someapp', { spec: { selector, replicas: 5 } });
      expect((await bench.rollout())?.spec).toMatchObject({ selector, replicas: 5 });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'accepts a selector where there was none: traffic only comes to have pods',
    async () => {
      const bench = await given({ spec: { selector: undefined, template: undefined } });
      const change = { selector: { matchLabels: APP_LABELS }, template: templateOf({}) };
      await bench.patch(ROLLOUTS, 'someapp', { spec: change });
      expect((await bench.observe()).problems).toEqual([]);
    },
    TEST_TIMEOUT_MS,
  );
});

function select(bench: Workbench, hash: string): Promise<KubernetesObject> {
  return bench.patch(SERVICES, SERVICE.stable, { spec: { selector: { [POD_TEMPLATE_HASH_LABEL]: hash } } });
}
