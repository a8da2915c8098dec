import type { ReplicaSetObject } from '@weir/activities';
import type { KubernetesObject } from '@weir/kubernetes';
import type { Mapping } from '@weir/mapping';
import {
  CANARY_REVISION_ANNOTATION,
  INSTANCE_ID,
  INSTANCE_ID_LABEL,
  OWNER_ANNOTATION,
  POD_TEMPLATE_HASH_LABEL,
  REVISION_ANNOTATION,
  ROLLOUT_LABEL,
  RUN_ANNOTATION,
  SEQUENCE_ANNOTATION,
  WEIGHT_ANNOTATION,
} from '@weir/rollout';
import type { RolloutObject } from '../cluster/rollout-object.ts';

/** The manifest of most tests: 30 %, a pause of 60 s, 60 %, a pause until promoted. */
export function aManifest(canary: object = {}): Record<string, unknown> {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: { name: 'someapp' },
    spec: {
      strategy: {
        canary: {
          stableService: 'someapp-stable',
          canaryService: 'someapp-canary',
          trafficRouting: { ambassador: { mappings: ['stable-mapping'] } },
          steps: [{ setWeight: 30 }, { pause: { duration: '60s' } }, { setWeight: 60 }, { pause: {} }],
          ...canary,
        },
      },
    },
  };
}

/** What makes it a manifest with pods of its own. */
export const POD_SPEC = {
  replicas: 4,
  selector: { matchLabels: { app: 'someapp' } },
  template: {
    metadata: { labels: { app: 'someapp' } },
    spec: { containers: [{ name: 'someapp', image: 'someapp:2' }] },
  },
} as const;

/** {@link aManifest} with four pods of the image someapp:2. */
export function aManifestWithPods(canary: object = {}, spec: object = {}): Record<string, unknown> {
  const manifest = aManifest(canary);
  return { ...manifest, spec: { ...POD_SPEC, ...(manifest['spec'] as object), ...spec } };
}

export interface RolloutParts {
  readonly name?: string;
  readonly namespace?: string;
  readonly generation?: number;
  readonly status?: object;
  /** Of the worker. */
  readonly note?: object;
  readonly metadata?: object;
  readonly spec?: object;
}

/** A Rollout as the cluster has it. */
export function aRollout(parts: RolloutParts = {}): RolloutObject {
  const { name = 'someapp', namespace = 'default', generation = 1, status, note, metadata, spec } = parts;
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: {
      name,
      namespace,
      uid: 'uid-1',
      resourceVersion: '7',
      generation,
      labels: { [INSTANCE_ID_LABEL]: INSTANCE_ID },
      ...(note && { annotations: { [RUN_ANNOTATION]: JSON.stringify(note) } }),
      ...metadata,
    },
    spec: spec ?? aManifest()['spec'],
    ...(status && { status }),
  };
}

export function aMapping(name: string, spec: object = {}): Mapping {
  return {
    metadata: { name, namespace: 'default', labels: { team: 'shop' } },
    spec: { prefix: '/someapp/', service: 'someapp-stable:80', ...spec },
  };
}

/** The installation that {@link aCanary} belongs to. */
export const INSTALLATION = 'uuid/weir';

export interface CanaryParts {
  readonly name?: string;
  readonly weight?: number;
  readonly uid?: string;
  readonly revision?: string;
  readonly installation?: string;
  readonly workflowId?: string;
}

/** The canary Mapping of {@link aRollout}, as a run has made it. */
export function aCanary(parts: CanaryParts = {}): KubernetesObject & Mapping {
  const { name = 'stable-mapping0-canary', weight = 30, uid = `uid of ${name}`, revision = 'v2' } = parts;
  const { installation = INSTALLATION, workflowId = 'rollout/local/default/someapp' } = parts;
  return {
    apiVersion: 'getambassador.io/v3alpha1',
    kind: 'Mapping',
    metadata: {
      name,
      namespace: 'default',
      uid,
      resourceVersion: '50',
      labels: { [ROLLOUT_LABEL]: 'someapp' },
      annotations: {
        [OWNER_ANNOTATION]: JSON.stringify({ installation, workflowId, runId: 'r1' }),
        [SEQUENCE_ANNOTATION]: '1',
        [WEIGHT_ANNOTATION]: String(weight),
        [CANARY_REVISION_ANNOTATION]: revision,
      },
    },
    spec: { prefix: '/someapp/', service: 'someapp-canary:80', weight },
  };
}

/** A Service with that selector. */
export function aService(name: string, selector: Readonly<Record<string, string>>): KubernetesObject {
  const object = { metadata: { name, namespace: 'default' }, spec: { selector } };
  return object;
}

/** A ReplicaSet of {@link aRollout}, as the API server has it: with its defaults. */
export function aReplicaSet(number: number, podTemplateHash: string, metadata: object = {}): ReplicaSetObject {
  return {
    metadata: {
      name: `someapp-${podTemplateHash}`,
      namespace: 'default',
      labels: { app: 'someapp', [POD_TEMPLATE_HASH_LABEL]: podTemplateHash },
      annotations: { [REVISION_ANNOTATION]: String(number) },
      ownerReferences: [
        { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', name: 'someapp', uid: 'uid-1', controller: true },
      ],
      ...metadata,
    },
    spec: {
      replicas: 0,
      selector: { matchLabels: { app: 'someapp', [POD_TEMPLATE_HASH_LABEL]: podTemplateHash } },
      template: {
        metadata: { creationTimestamp: null, labels: { app: 'someapp', [POD_TEMPLATE_HASH_LABEL]: podTemplateHash } },
        spec: { containers: [{ name: 'someapp', image: `someapp:${number}`, imagePullPolicy: 'IfNotPresent' }] },
      },
    },
  };
}
