import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { REPLICA_SETS, ROLLOUTS, SERVICES, type KubernetesObject } from '@weir/kubernetes';
import {
  INSTANCE_ID,
  INSTANCE_ID_LABEL,
  MANAGED_BY_ANNOTATION,
  POD_TEMPLATE_HASH_LABEL,
  USER_FIELD_MANAGER,
  WORKER_FIELD_MANAGER,
} from '@weir/rollout';
import { startArgoController, type ArgoController } from '../support/argo-controller.ts';
import { MAPPINGS, mapping, service } from '../support/objects.ts';
import { useSandbox } from '../support/shared.ts';
import { eventually } from '../support/wait.ts';
import { SERVICE, setWeight, pause } from '../support/workload-app.ts';
import { useWorkloads, type WorkloadScenario } from '../support/workload-scenario.ts';
import { Writers } from '../support/writers.ts';

const TEST_TIMEOUT_MS = 120_000;
const START_TIMEOUT_MS = 120_000;
/** Its controller sleeps for 5 s before it deletes a canary Mapping. */
const PEER_TIMEOUT_MS = 60_000;
const STEPS = [setWeight(50), pause(2)];
const BINARY = process.env['ROLLOUTS_CONTROLLER'];

/** The other one's Rollout, in the namespace of Weir's. */
const PEER = { name: 'peer', stable: 'peer-stable', canary: 'peer-canary', mapping: 'peer-mapping' } as const;
const PEER_LABELS = { app: 'peer' };
const peerImage = (version: number) => ({
  metadata: { labels: PEER_LABELS },
  spec: { containers: [{ name: 'peer', image: `peer:${version}` }] },
});
const PEER_ROLLOUT = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Rollout',
  metadata: { name: PEER.name },
  spec: {
    replicas: 2,
    selector: { matchLabels: PEER_LABELS },
    template: peerImage(1),
    strategy: {
      canary: {
        stableService: PEER.stable,
        canaryService: PEER.canary,
        trafficRouting: { ambassador: { mappings: [PEER.mapping] } },
        steps: STEPS,
      },
    },
  },
};

interface PeerRollout extends KubernetesObject {
  readonly status?: {
    readonly phase?: string;
    readonly stableRS?: string;
    readonly currentPodHash?: string;
    readonly observedGeneration?: string;
  };
}

/** Its Rollout is Healthy with what is stored, and no canary Mapping of it is left; answers the stable revision's hash. */
function peerIsDone(scenario: WorkloadScenario): Promise<string> {
  return eventually(
    `${PEER.name} is Healthy`,
    async () => {
      const { metadata, status } = (await scenario.read<PeerRollout>(ROLLOUTS, PEER.name)) ?? {};
      const isCurrent = status?.observedGeneration === String(metadata?.generation);
      const isDone = isCurrent && status?.phase === 'Healthy' && status.stableRS === status.currentPodHash;
      return isDone && (await scenario.mapping(`${PEER.mapping}-canary`)) === undefined && status.stableRS;
    },
    PEER_TIMEOUT_MS,
  );
}

// jest says nothing of a file whose tests are all skipped.
const given = BINARY === undefined ? describe.skip : describe;
if (BINARY === undefined) {
  process.stderr.write(
    'argo-controller: skipped, ROLLOUTS_CONTROLLER names no binary (npm run build:peer builds one)\n',
  );
}

given('given a controller of Argo Rollouts in the same cluster', () => {
  const used = useSandbox();
  const givenWeirs = useWorkloads(used);
  let argo: ArgoController | undefined;
  beforeAll(async () => {
    argo = await startArgoController(BINARY ?? '', used.cluster);
  }, START_TIMEOUT_MS);
  afterAll(() => argo?.stop());

  test(
    'when a Rollout of each is updated in one namespace, then neither writes to what is the other one’s',
    async () => {
      const scenario = await givenWeirs({ replicas: 2, steps: STEPS });
      const writers = await Writers.watch(used.cluster, scenario.namespace, [
        ROLLOUTS,
        REPLICA_SETS,
        SERVICES,
        MAPPINGS,
      ]);
      await Promise.all([
        ...[PEER.stable, PEER.canary].map((name) => scenario.create(SERVICES, service(name, PEER_LABELS))),
        scenario.create(
          MAPPINGS,
          mapping(PEER.mapping, { prefix: `/${scenario.namespace}/peer`, service: `${PEER.stable}:80` }),
        ),
      ]);
      await scenario.create(ROLLOUTS, PEER_ROLLOUT);
      await scenario.deployed();
      const before = await peerIsDone(scenario);

      await Promise.all([
        scenario.whenImage('2'),
        scenario.patch(ROLLOUTS, PEER.name, { spec: { template: peerImage(2) } }),
      ]);
      await scenario.healthy();
      await scenario.settled();
      expect(await peerIsDone(scenario)).not.toBe(before);
      expect((await scenario.rollout())?.metadata.labels?.[INSTANCE_ID_LABEL]).toBe(INSTANCE_ID);

      const ours: readonly string[] = [USER_FIELD_MANAGER, WORKER_FIELD_MANAGER];
      const theirs = argo?.manager ?? '';
      const controllersOf = (prefix: string) =>
        Object.fromEntries(
          [ROLLOUTS, REPLICA_SETS, SERVICES, MAPPINGS].map((resource) => [
            resource.plural,
            writers.of(resource, prefix).filter((manager) => manager === theirs || ours.includes(manager)),
          ]),
        );
      expect(controllersOf(PEER.name)).toEqual({
        rollouts: [theirs],
        replicasets: [theirs],
        services: [theirs],
        mappings: [theirs],
      });
      expect({ ...controllersOf(scenario.name), mappings: controllersOf('app')['mappings'] }).toEqual({
        rollouts: ours,
        replicasets: [WORKER_FIELD_MANAGER],
        services: [WORKER_FIELD_MANAGER],
        mappings: [WORKER_FIELD_MANAGER],
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when a Service belongs to no Rollout, then its hash is taken off, and Weir’s Services keep theirs',
    async () => {
      const scenario = await givenWeirs({ replicas: 1 });
      const { stableRS } = await scenario.deployed();
      const hashOf = async (name: string) => (await scenario.selectorOf(name))[POD_TEMPLATE_HASH_LABEL];

      // It has looked at Weir's Services by the time that it has looked at one that is made, or touched, after them.
      for (const name of Object.values(SERVICE)) {
        await scenario.patch(SERVICES, name, { metadata: { labels: { touched: 'yes' } } });
      }
      const stray = service('stray', { app: 'stray', [POD_TEMPLATE_HASH_LABEL]: 'abc' });
      const annotations = { [MANAGED_BY_ANNOTATION]: 'nobody' };
      await scenario.create(SERVICES, { ...stray, metadata: { ...stray.metadata, annotations } });
      await eventually('the stray one has no hash', async () => (await hashOf('stray')) === undefined);

      for (const name of Object.values(SERVICE)) {
        expect(await hashOf(name)).toBe(stableRS);
        const { metadata } = (await scenario.read(SERVICES, name)) ?? {};
        expect(metadata?.annotations?.[MANAGED_BY_ANNOTATION]).toBe(scenario.name);
      }
    },
    TEST_TIMEOUT_MS,
  );
});
