import type { ReplicaSetObject } from '@weir/activities';
import type { Mapping } from '@weir/mapping';
import {
  INSTANCE_ID,
  INSTANCE_ID_LABEL,
  POD_TEMPLATE_HASH_LABEL,
  REVISION_ANNOTATION,
  RUN_ANNOTATION,
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
